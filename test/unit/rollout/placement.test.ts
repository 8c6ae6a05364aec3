import { expect, it } from 'vitest';
import { status } from '../../../lib/rollout/status.ts';
import { viewOf } from './state.ts';

const WAITING =
  'pods: [{ conditions: [{ type: PodScheduled, status: "False", reason: Unschedulable, message: "0/3 nodes are available." }] }]';
const ENDED = 'conditions: { Progressing: { status: "False", reason: ProgressDeadlineExceeded, at: 60 } }';

const told = (reason: string, message: string, at = 30) =>
  `events: [{ type: Normal, reason: ${reason}, message: "${message}", at: ${at} }]`;

it.each([
  ['the cluster autoscaler', told('TriggeredScaleUp', 'pod triggered scale-up: [{nodes 3->4 (max: 5)}]')],
  ['Karpenter', told('Nominated', 'Pod should schedule on: nodeclaim/default-x')],
])('bears a node that %s adds, beyond the patience of the app', (_, events) => {
  for (const after of [60, 200, 329])
    expect(status(viewOf([WAITING, ENDED, events, `after: ${after}`].join('\n')))).toMatchObject({
      state: 'progressing',
    });
});

it('does not wait for ever for a node that was asked for', () => {
  const events = told('TriggeredScaleUp', 'pod triggered scale-up');
  expect(status(viewOf([WAITING, ENDED, events, 'after: 331'].join('\n')))).toMatchObject({
    state: 'failed',
    reason: 'no node takes the pod: 0/3 nodes are available.; pod triggered scale-up (0 of 2 pods ready)',
  });
});

it('waits no longer than the app is patient where no node is added, and says why', () => {
  const events = told('NotTriggerScaleUp', "pod didn't trigger scale-up: 1 max node group size reached");
  expect(status(viewOf([WAITING, 'after: 59', events].join('\n'))).state).toBe('progressing');
  expect(status(viewOf([WAITING, ENDED, events, 'after: 60'].join('\n')))).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining("pod didn't trigger scale-up: 1 max node group size reached"),
  });
});

it('says of a pull that takes too long how long it has taken', () => {
  const events = 'events: [{ type: Normal, reason: Pulling, message: "Pulling image \\"x:1\\"", at: 5 }]';
  const pods = 'pods: [{ container: { image: "x:1", state: { waiting: { reason: ContainerCreating } } } }]';
  expect(status(viewOf([pods, events, 'after: 59'].join('\n'))).state).toBe('progressing');
  expect(status(viewOf([pods, events, ENDED, 'after: 60'].join('\n')))).toMatchObject({
    state: 'failed',
    reason: 'image x:1 is still being pulled after 55 s (0 of 2 pods ready)',
  });
});

it.each([
  ['denied the request', 'admission webhook "policy.test" denied the request: no latest tags', 'failed'],
  ['does not answer', 'Internal error occurred: failed calling webhook "x": forbidden', 'progressing'],
  [
    'has no account yet',
    'pods "web-x" is forbidden: error looking up service account web/web: not found',
    'progressing',
  ],
  [
    'counts by a new quota in a moment',
    'pods "web-x" is forbidden: status unknown for quota: fairlead, resources: pods',
    'progressing',
  ],
])('takes an admission that %s for what it is', (_, message, state) => {
  const condition = `{ type: ReplicaFailure, status: "True", lastTransitionTime: "2026-11-01T10:00:01Z", message: '${message}' }`;
  expect(status(viewOf(`replicaSet: { conditions: [${condition}] }`)).state).toBe(state);
});

const FULL = `replicaSet: { conditions: [{ type: ReplicaFailure, status: "True", lastTransitionTime: "2026-11-01T10:00:01Z", message: 'pods "web-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=10, limited: pods=10' }] }`;
const SERVES = '{ container: { ready: true, state: { running: {} } } }';
const killing = (about: string, at: number) =>
  `{ reason: Killing, type: Normal, message: Stopping container web, about: ${about}, at: ${at} }`;
const refused = (at: number) => `{ reason: FailedCreate, message: exceeded quota, about: new, at: ${at} }`;

it.each([
  ['is full of pods that serve', `pods: [${SERVES}]`, [], 'failed'],
  ['has pods that are leaving', `pods: [${SERVES}, { deleting: true }]`, [], 'progressing'],
  [
    'had pods that were leaving when it was asked last',
    `pods: [${SERVES}]`,
    [killing('f', -20)],
    'progressing',
  ],
  [
    'was asked again since the last one left',
    `pods: [${SERVES}]`,
    [killing('f', -20), refused(16)],
    'failed',
  ],
  ['has a pod whose program is only started again', `pods: [${SERVES}]`, [killing('a', 0)], 'failed'],
])('takes a quota that %s for what it is', (_, pods, events, state) => {
  const told = `events: [${events.join(', ')}]`;
  const view = viewOf([FULL, pods, told, 'after: 20'].join('\n'));
  expect(status(view)).toMatchObject({
    state,
    ...(state === 'failed' && {
      reason: expect.stringContaining('an update takes more pods than the app has'),
    }),
  });
});

it('does not wait for ever for pods that do not leave', () => {
  const view = viewOf([FULL, `pods: [${SERVES}, { deleting: true }]`, ENDED, 'after: 60'].join('\n'));
  expect(status(view)).toMatchObject({ state: 'failed', blame: 'elsewhere' });
});
