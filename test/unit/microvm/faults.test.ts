import { expect, it } from 'vitest';
import { BuildFailure } from '../../../lib/build/failure.ts';
import { faultOf } from '../../../lib/engine/microvm/server/faults.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { LimitExceeded } from '../../../lib/sandbox/limits.ts';

const failed = (code: string, cause: string, said: string, options?: ErrorOptions) =>
  new BuildFailure({ code, operation: 'x', place: 'Dockerfile:3', cause }, 3, said, options);
const limit = (name: 'memoryBytes' | 'diskBytes' | 'processes') =>
  failed('build/limit', 'too much', '', { cause: new LimitExceeded(name, 'too much') });

it.each<[what: string, error: unknown, exhausted: string | undefined]>([
  [
    'tar: x: No space left on device',
    failed('build/run-failed', 'exit code 2', 'tar: x: No space left on device'),
    'disk',
  ],
  ['npm ENOSPC', failed('build/run-failed', 'exit code 228', 'npm error code ENOSPC'), 'disk'],
  ['a killed compiler', failed('build/run-failed', 'exit code 1', 'go: compile: signal: killed'), 'memory'],
  [
    'a killed command',
    failed('build/run-failed', 'the command ended with exit code 137 (it was killed)', ''),
    'memory',
  ],
  ['the limit of memory', limit('memoryBytes'), 'memory'],
  ['the limit of disk', limit('diskBytes'), 'disk'],
  ['the limit of processes', limit('processes'), undefined],
  ['a test that fails', failed('build/run-failed', 'exit code 1', 'FAIL: 137 tests'), undefined],
  ['what says so, and is no command', failed('build/bad-mount', 'x', 'no space left on device'), undefined],
])('what a RUN ran out of: %s', (_, error, exhausted) => {
  const ending = faultOf(error);
  expect('fault' in ending ? ending.fault.exhausted : undefined).toBe(exhausted);
  const answer = { outcome: 'failed', blame: 'commit', line: 3 };
  if (exhausted === undefined) expect(ending).toMatchObject({ answer });
  else expect(ending).toMatchObject({ fault: { message: /^Dockerfile:3: /, failed: answer } });
});

it('tells faults that may pass from those that stay', () => {
  const fault = { code: 'registry/denied', operation: 'x', cause: 'no' };
  expect(faultOf(new FairleadError(fault))).toMatchObject({ answer: { blame: 'elsewhere' } });
  expect(faultOf(new FairleadError({ ...fault, temporary: true }))).toHaveProperty('fault');
});
