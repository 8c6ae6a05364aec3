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

const WAITS = ['no-room', 'pulling-unreachable', 'pulling-missing-tag', 'volume-no-secret'] as const;

/** A job whose time is over, with the pod of another recording as its own. */
function lateWith(name: (typeof WAITS)[number], pods: 'there' | 'gone'): JobView {
  const late = jobViewOf(recorded('job-late'));
  const other = jobViewOf(recorded(name));
  const [uid, podName] = [late.job?.metadata?.uid ?? '', 'web-q2jnd'];
  const born = late.job?.metadata?.creationTimestamp;
  const [pod] = structuredClone(other.pods);
  const waits = pod?.metadata?.name;
  Object.assign(pod?.metadata ?? {}, { name: podName, ownerReferences: [{ uid }] });
  const events = structuredClone(other.events).filter(({ involvedObject }) => involvedObject?.name === waits);
  for (const event of events) {
    Object.assign(event.involvedObject ?? {}, { name: podName });
    Object.assign(event, { lastTimestamp: born, eventTime: born });
  }
  const image = pod?.spec?.containers[0]?.image;
  for (const container of late.job?.spec?.template?.spec?.containers ?? [])
    Object.assign(container, { image });
  return { ...late, pods: pods === 'there' && pod ? [pod] : [], events };
}

it.each([
  ['no-room', 'no node takes the pod: 0/1 nodes are available: 1 Insufficient cpu.', 'elsewhere'],
  ['pulling-unreachable', 'connection refused', 'elsewhere'],
  ['pulling-missing-tag', 'its registry does not have it', undefined],
  ['volume-no-secret', 'pod web-q2jnd cannot be prepared: ', 'elsewhere'],
] as const)('that never ran because of %s says why, and who is to blame', (name, why, blame) => {
  for (const pods of ['there', 'gone'] as const) {
    const verdict = jobStatus(lateWith(name, pods));
    expect(verdict).toMatchObject({ state: 'timed-out', blame });
    expect(verdict).toMatchObject({ reason: expect.stringMatching(/^job web is not done within its 3 s: /) });
    expect((verdict as { reason: string }).reason).toContain(why);
  }
});

it('is to blame itself for the time it took, even if a node had to be waited for', () => {
  const view = lateWith('no-room', 'gone');
  const [first] = view.events;
  const started = { ...first, reason: 'Started', type: 'Normal', message: 'Started container web' };
  const verdict = jobStatus({ ...view, events: [...view.events, started as (typeof view.events)[number]] });
  expect(verdict).toMatchObject({
    state: 'timed-out',
    reason: 'job web is not done within its 3 s',
    blame: undefined,
  });
  expect(jobStatus(jobViewOf(recorded('job-late')))).toMatchObject({ blame: undefined });
});

it('takes no word on the pods of another job, or of one of its name before', () => {
  const view = lateWith('no-room', 'gone');
  const about = (name: string) => ({
    ...view,
    events: view.events.map((event) => ({ ...event, involvedObject: { ...event.involvedObject, name } })),
  });
  for (const name of ['web-two-q2jnd', 'website-q2jnd', 'web-cd8786c97-tjr84'])
    expect(jobStatus(about(name))).toMatchObject({ blame: undefined });
  const old = '2026-11-21T21:00:00Z';
  const events = view.events.map((event) => ({ ...event, lastTimestamp: old }));
  expect(jobStatus({ ...view, events })).toMatchObject({ blame: undefined });
});
