import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { beats, measure } from '../../../lib/report/measure.ts';
import { METRICS } from '../../../lib/report/metrics.ts';
import { embeddedMetrics } from '../../../local/aws/services/cloudwatch-embedded.ts';

let lines: Record<string, unknown>[];

beforeEach(() => {
  lines = [];
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  vi.spyOn(console, 'log').mockImplementation((line: string) => lines.push(JSON.parse(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Name, value and dimensions, as CloudWatch takes them out of the lines. */
const measured = () =>
  lines
    .flatMap((line) => embeddedMetrics(line, 0))
    .map(({ namespace, datum }) => {
      const dimensions = (datum.Dimensions as { Name: string; Value: string }[]).map(
        ({ Name, Value }) => `${Name}=${Value}`,
      );
      return [namespace, datum.MetricName, datum.Values, dimensions.join()];
    });

describe('a measurement', () => {
  test('comes for all apps together, and for its own', () => {
    measure(
      [
        [METRICS.live, 1],
        [METRICS.leadTime, 250],
      ],
      { app: 'web' },
    );
    expect(measured()).toEqual([
      ['Fairlead', 'DeploymentLive', [1], 'service=deploy'],
      ['Fairlead', 'LeadTime', [250], 'service=deploy'],
      ['Fairlead', 'DeploymentLive', [1], 'service=deploy,app=web'],
      ['Fairlead', 'LeadTime', [250], 'service=deploy,app=web'],
    ]);
    expect(lines).toHaveLength(1);
  });

  test('has no dimension that it is not to have', () => {
    measure(
      [
        [METRICS.takenBack, 1],
        [METRICS.failed, 1],
      ],
      { app: 'web', takenBackBy: 'bake' },
    );
    expect(measured().map(([, name, , dimensions]) => `${name} ${dimensions}`)).toEqual([
      'ReleaseTakenBack service=deploy',
      'ReleaseTakenBack service=deploy,app=web',
      'ReleaseTakenBack service=deploy,takenBackBy=bake',
      'DeploymentFailed service=deploy',
      'DeploymentFailed service=deploy,app=web',
    ]);
  });

  test('of a preview is counted with all previews, and by nothing else', () => {
    measure([[METRICS.live, 1]], {}, 'preview');
    expect(measured()).toEqual([['Fairlead', 'DeploymentLive', [1], 'service=preview']]);
  });

  test('of nothing writes nothing', () => {
    measure([]);
    expect(lines).toEqual([]);
  });
});

test('the heartbeat is 1 for ten minutes, and 0 for ten', () => {
  const at = (minute: number) => beats(Date.parse('2026-01-01T12:00:00Z') + minute * 60_000);
  expect([0, 5, 9, 10, 15, 19, 20].map(at)).toEqual([true, true, true, false, false, false, true]);
});
