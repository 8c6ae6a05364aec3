import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { handler } from '../../../lambdas/sweep.ts';
import { METRICS } from '../../../lib/report/metrics.ts';
import { embeddedMetrics } from '../../../local/aws/services/cloudwatch-embedded.ts';

const round = vi.hoisted(() => ({ stuck: [] as string[] }));
vi.mock('../../../lambdas/sweep/round.ts', () => ({ sweep: async () => round }));
vi.mock('../../../lambdas/sweep/look-at-pull.ts', () => ({ lookAtPull: async () => 'nothing' }));

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

const valuesOf = ({ metricName }: { metricName: string }) =>
  lines
    .flatMap((line) => embeddedMetrics(line, 0))
    .filter(({ datum }) => datum.MetricName === metricName)
    .flatMap(({ datum }) => datum.Values);

const CONTEXT = { getRemainingTimeInMillis: () => 100_000 };

test('previews that are stuck wake nobody, and are told in the log all the same', async () => {
  round.stuck = ['web/production', 'web/preview-blue', 'api/preview-pr-7', 'api/staging'];
  expect(await handler({}, CONTEXT)).toMatchObject({ stuck: round.stuck });
  expect(valuesOf(METRICS.stuck)).toEqual([2]);
  expect(valuesOf(METRICS.swept)).toEqual([1]);
});

test('looking at a pull request is no round', async () => {
  const about = { host: 'github', owner: 'acme', repository: 'web', number: 7, delivery: 'd' } as const;
  await handler({ do: 'look-at-pull', ...about } as Parameters<typeof handler>[0], CONTEXT);
  expect(valuesOf(METRICS.swept)).toEqual([]);
});
