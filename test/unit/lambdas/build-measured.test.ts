import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { measured } from '../../../lambdas/build-image/measured.ts';
import type { BuildAnswer } from '../../../lib/build/request.ts';
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

const built = { outcome: 'built', ms: 1234 } as BuildAnswer;
const of = (name?: string) => (name === undefined ? {} : { environment: { name, namespace: 'web' } });
const services = () =>
  lines
    .flatMap((line) => embeddedMetrics(line, 0))
    .map(({ datum }) =>
      (datum.Dimensions as { Name: string; Value: string }[])
        .map(({ Name, Value }) => `${Name}=${Value}`)
        .join(),
    );

test.each([
  ['production', 'build-image'],
  ['staging', 'build-image'],
  [undefined, 'build-image'],
  ['preview-blue', 'preview'],
  ['preview-pr-7', 'preview'],
])('the time of a build for %s is one of the service %s', (environment, service) => {
  expect(measured('microvm', of(environment), built)).toBe(built);
  expect(services()).toEqual([`service=${service}`, `service=${service},engine=microvm`]);
});

test('a build that fails has no time', () => {
  measured('function', of('production'), { outcome: 'failed', blame: 'commit', reason: 'x', details: '' });
  expect(lines).toEqual([]);
});
