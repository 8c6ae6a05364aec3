import { expect, it } from 'vitest';
import { podStates } from '../../../lib/rollout/pods.ts';
import { viewOf } from './state.ts';

const READY = '{ conditions: [{ type: Ready, status: "True" }] }';
const CRASHED = '{ container: { restartCount: 1, state: { terminated: { exitCode: 2 } } } }';

it('tells how many pods of the new template are ready, and why others are not', () => {
  const view = viewOf(`pods: [${READY}, ${CRASHED}, {}, { deleting: true }]`);
  expect(podStates(view)).toEqual([
    {
      pod: 'web-b',
      state: 'failing',
      message: 'pod web-b is failing: container web exits with code 2 right after its start',
    },
    { pod: 'web-c', state: 'starting', message: 'pod web-c is starting' },
    { pod: 'web-a', state: 'ready', message: 'pod web-a is ready, 1 of 2' },
    { pod: 'web-d', state: 'stopping', message: 'pod web-d is stopping' },
  ]);
});

it('does not tell again of what was so before the release', () => {
  const before =
    '{ conditions: [{ type: Ready, status: "True", lastTransitionTime: "2026-11-01T09:59:00Z" }] }';
  const view = viewOf(`pods: [${before}, ${READY}, { deleting: true }]`);
  const [, , stopping] = view.pods;
  // Its grace of 30 s ends after the release began, but it was told to go before.
  if (stopping?.metadata) stopping.metadata.deletionGracePeriodSeconds = 30;
  expect(podStates(view).map(({ pod, state }) => [pod, state])).toEqual([['web-b', 'ready']]);
});

it('says of old pods only that they stop', () => {
  const view = viewOf(`pods: [${READY}, ${READY}]`);
  const [first, second] = view.pods;
  for (const pod of [first, second]) if (pod?.metadata) pod.metadata.ownerReferences = [];
  if (second?.metadata) second.metadata.deletionTimestamp = '2026-11-01T10:00:00Z';
  expect(podStates(view).map(({ pod, state }) => [pod, state])).toEqual([['web-b', 'stopping']]);
});
