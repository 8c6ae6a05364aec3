import { expect, it } from 'vitest';
import { patienceEnds } from '../../../lib/rollout/patience.ts';
import { status } from '../../../lib/rollout/status.ts';
import { partsOf } from '../../../lib/rollout/view.ts';
import { time, viewOf } from './state.ts';

it('counts from when the Deployment came to be, where its release had to wait for that', () => {
  const view = viewOf('{ after: 100, observedGeneration: 1, conditions: {} }');
  const [part] = partsOf(view);
  if (part?.workload.live?.metadata === undefined) throw new Error('the view has a Deployment');
  expect(status(view).state).toBe('unknown');
  part.workload.live.metadata.creationTimestamp = time(99);
  expect(status(view).state).toBe('progressing');
  expect(patienceEnds(part)).toBe(Date.parse(time(99)) + 63_000);
});

it('counts from when the workload was changed, where a job or a bake came between that and the release', () => {
  const view = viewOf('{ after: 901, written: 900, observedGeneration: 1 }');
  expect(status(view)).toMatchObject({ state: 'progressing' });
  const late = viewOf('{ after: 964, written: 900, observedGeneration: 1 }');
  expect(status(late)).toMatchObject({ state: 'unknown' });
  // What the controller said of the time before that is nothing new.
  const exceeded = `{ Progressing: { status: 'False', reason: ProgressDeadlineExceeded, at: 600 } }`;
  const again = viewOf(`{ after: 902, written: 900, conditions: ${exceeded} }`);
  expect(status(again)).toMatchObject({ state: 'progressing' });
});
