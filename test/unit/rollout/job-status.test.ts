import { expect, it } from 'vitest';
import type { Job } from '../../../lib/kube/wire.ts';
import { jobDeadline, jobStatus } from '../../../lib/rollout/job-status.ts';
import { verdictOfJob } from '../../../lib/rollout/verdict.ts';
import type { JobView } from '../../../lib/rollout/view.ts';
import { jobViewOf, recorded } from './recorded.ts';

/** A recorded job's view with some of the Job changed. */
function viewOf(name: string, change: (job: Job) => void): JobView {
  const view = jobViewOf(recorded(name));
  if (view.job) change(view.job);
  return view;
}

it('is superseded by a newer claim, even if it is done', () => {
  const view = viewOf('job-done', ({ metadata }) =>
    Object.assign(metadata?.annotations ?? {}, { 'fairlead.dev/fence': '8' }),
  );
  expect(jobStatus(view)).toEqual({ state: 'superseded', by: 8 });
});

it('says that somebody has deleted or suspended it', () => {
  expect(
    jobStatus({ ...jobViewOf(recorded('job-running')), job: undefined } as unknown as JobView),
  ).toMatchObject({
    state: 'failed',
    reason: 'Job web/web was deleted before it was done',
    blame: 'elsewhere',
  });
  const suspended = viewOf('job-running', ({ spec }) => Object.assign(spec ?? {}, { suspend: true }));
  expect(jobStatus(suspended)).toMatchObject({
    state: 'unknown',
    reason: expect.stringContaining('is suspended'),
  });
});

it('has failed as soon as newer clusters say so, before its pods are gone', () => {
  const view = viewOf('job-failed', ({ status }) => {
    for (const condition of status?.conditions ?? []) condition.type = 'FailureTarget';
  });
  expect(jobStatus(view)).toMatchObject({ state: 'failed', exitCode: 1 });
});

it('knows when its time ends', () => {
  const [late, running] = [jobViewOf(recorded('job-late')), jobViewOf(recorded('job-running'))];
  expect(jobDeadline(late)).toBe(Date.parse(String(late.job?.status?.startTime)) + 3000);
  expect(jobDeadline(running)).toBe(Number.POSITIVE_INFINITY);
});

it.each([
  ['job-done', 'live'],
  ['job-running', 'progressing'],
  ['job-failed', 'failed'],
  ['job-late', 'failed'],
])('%s makes its release %s', (name, state) => {
  expect(verdictOfJob(jobStatus(jobViewOf(recorded(name)))).state).toBe(state);
});
