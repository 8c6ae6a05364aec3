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
