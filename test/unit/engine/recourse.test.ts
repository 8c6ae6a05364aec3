import { expect, it } from 'vitest';
import { BuildFailure } from '../../../lib/build/failure.ts';
import type { Choice } from '../../../lib/engine/choose.ts';
import { type Attempt, recourseAfter } from '../../../lib/engine/recourse.ts';
import type { RemoteEngine } from '../../../lib/engine/types.ts';
import { FairleadError } from '../../../lib/errors.ts';

const here: Attempt = { choice: { is: 'function' } };
const engine = { name: 'microvm', title: 'a MicroVM' } as RemoteEngine;
const choice: Choice & { is: 'remote' } = { is: 'remote', engine, because: '' };
const there: Attempt = { choice };

const fault = (code: string) => ({ code, operation: 'building', cause: 'the reason', place: 'Dockerfile:3' });
const full = new FairleadError(fault('engine/unavailable'));
const needs = new BuildFailure(fault('build/no-engine'), 3, '3 | >>> RUN sh');
const failed = new BuildFailure(fault('build/run-failed'), 3, '');

it.each<[what: string, error: unknown, attempt: Attempt, is: string]>([
  ['a RUN that failed', failed, here, 'none'],
  ['a RUN that failed elsewhere', failed, there, 'none'],
  ['what nobody foresaw', new Error('no'), here, 'none'],
  ['a need that showed late', needs, here, 'choose-again'],
  ['the same where fairlead.yaml names the engine', needs, { ...here, pinned: 'function' }, 'none'],
  ['an engine without room', full, there, 'pass-over'],
  ['an engine that has too little', new FairleadError(fault('engine/exhausted')), there, 'pass-over'],
  ['the same word from the function', full, here, 'none'],
  ['the end of the time', new Error('aborted'), { ...here, cutOffAfter: 90_000 }, 'pass-over'],
  ['an end of the time that is not the function’s', failed, { ...there, cutOffAfter: 90_000 }, 'none'],
])('after %s', (_what, error, attempt, is) => {
  expect(recourseAfter(error, attempt).is).toBe(is);
});

it('says who is passed over, and why', () => {
  expect(recourseAfter(full, there)).toEqual({ is: 'pass-over', engine: 'microvm', why: 'the reason' });
  expect(recourseAfter(failed, { ...here, cutOffAfter: 90_000 })).toMatchObject({
    engine: 'function',
    why: 'it did not end within 1.5 minutes',
  });
});

it('says at which line the need is', () => {
  expect(recourseAfter(needs, here)).toMatchObject({
    need: { instruction: 'RUN sh', line: 3, file: 'Dockerfile', why: 'the reason' },
  });
});
