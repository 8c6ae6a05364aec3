import { expect, test } from 'vitest';
import { planReplicaSet } from '../../../local/kubernetes/controllers/replicaset/plan.ts';
import { replicaSetStatus } from '../../../local/kubernetes/controllers/replicaset/status.ts';
import { pod, ready, replicaSet } from './objects.ts';

const placed = { spec: { nodeName: 'local' } };
const serving = pod('serving', { ...placed, status: { conditions: ready() } });

test.each([
  ['the one that is not ready', [serving, pod('victim', placed)]],
  ['the one without a node', [pod('victim', { status: { phase: 'Pending' } }), pod('unready', placed)]],
  [
    'the one that has been ready for a shorter time',
    [serving, pod('victim', { ...placed, status: { conditions: ready('2026-01-02T00:00:00Z') } })],
  ],
  [
    'the newer one',
    [serving, pod('victim', { ...serving, metadata: { creationTimestamp: '2026-01-02T00:00:00Z' } })],
  ],
  [
    'the cheaper one',
    [
      serving,
      pod('victim', {
        ...placed,
        status: { conditions: ready('2025-01-01T00:00:00Z') },
        metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-1' } },
      }),
    ],
  ],
])('scaling down takes %s', (_, pods) => {
  const plan = planReplicaSet(replicaSet('web', 1), pods);
  if (plan.do !== 'delete') throw new Error(plan.do);
  expect(plan.pods.map(({ metadata }) => metadata.name)).toEqual(['victim']);
});

test('pods that are going or have failed are replaced', () => {
  const going = pod('going', { metadata: { deletionTimestamp: '2026-01-01T00:00:30Z' } });
  const failed = pod('failed', { status: { phase: 'Failed' } });
  expect(planReplicaSet(replicaSet('web', 3), [going, failed, serving])).toEqual({ do: 'create', count: 2 });
  expect(planReplicaSet(replicaSet('web', 1), [going, serving])).toEqual({ do: 'nothing' });
});

test('a pod becomes available after minReadySeconds, and the time until then is told', () => {
  const set = replicaSet('web', 1);
  set.spec.minReadySeconds = 10;
  const pods = [serving];
  const young = replicaSetStatus(set, pods, undefined, new Date('2026-01-01T00:00:04Z'));
  expect(young.status).toMatchObject({ replicas: 1, readyReplicas: 1 });
  expect(young.status).not.toHaveProperty('availableReplicas');
  expect(young.againMs).toBe(6_000);
  const old = replicaSetStatus(set, pods, undefined, new Date('2026-01-01T00:00:10Z'));
  expect(old.status.availableReplicas).toBe(1);
  expect(old.againMs).toBeUndefined();
});
