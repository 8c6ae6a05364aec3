import { expect, test } from 'vitest';
import { remainingMs } from '../../../local/kubernetes/controllers/deployment/progress.ts';
import { annotationsOf, planCleanup } from '../../../local/kubernetes/controllers/deployment/revisions.ts';
import { deploymentStatus } from '../../../local/kubernetes/controllers/deployment/status.ts';
import type { DeploymentStatus, ReplicaSet } from '../../../local/kubernetes/controllers/types.ts';
import { deployment, replicaSet } from './objects.ts';

const start = new Date('2026-01-01T00:00:00Z');
const later = (seconds: number) => new Date(start.getTime() + 1_000 * seconds);

const condition = (status: DeploymentStatus, type: string) => {
  const found = status.conditions?.find((each) => each.type === type);
  return found && [found.status, found.reason, found.message];
};

test('a rollout goes from progressing to available', () => {
  const wanted = deployment({ replicas: 2, progressDeadlineSeconds: 10 });
  const starting = { current: replicaSet('new', 2, { replicas: 2 }), old: [] };
  const first = deploymentStatus(wanted, starting, start);
  expect(first).toMatchObject({
    replicas: 2,
    updatedReplicas: 2,
    unavailableReplicas: 2,
    observedGeneration: 1,
  });
  expect(first).not.toHaveProperty('availableReplicas');
  expect(condition(first, 'Available')?.slice(0, 2)).toEqual(['False', 'MinimumReplicasUnavailable']);
  expect(condition(first, 'Progressing')).toEqual([
    'True',
    'ReplicaSetUpdated',
    'ReplicaSet "new" is progressing.',
  ]);

  const done = deploymentStatus(
    { ...wanted, status: first },
    { current: replicaSet('new', 2), old: [] },
    later(3),
  );
  expect(condition(done, 'Progressing')).toEqual([
    'True',
    'NewReplicaSetAvailable',
    'ReplicaSet "new" has successfully progressed.',
  ]);
  expect(condition(done, 'Available')?.slice(0, 2)).toEqual(['True', 'MinimumReplicasAvailable']);
  expect(done).not.toHaveProperty('unavailableReplicas');
  expect(remainingMs({ ...wanted, status: done }, done, later(3))).toBeUndefined();
});

test('a rollout that stands still passes its deadline, once, and recovers by progress', () => {
  const wanted = deployment({ replicas: 2, progressDeadlineSeconds: 10 });
  const stuck = { current: replicaSet('new', 2, { replicas: 2 }), old: [] };
  const first = deploymentStatus(wanted, stuck, start);
  expect(remainingMs(wanted, first, later(4))).toBe(7_000);
  const before = deploymentStatus({ ...wanted, status: first }, stuck, later(10));
  expect(before).toEqual(first);
  const after = deploymentStatus({ ...wanted, status: first }, stuck, later(11));
  expect(condition(after, 'Progressing')).toEqual([
    'False',
    'ProgressDeadlineExceeded',
    'ReplicaSet "new" has timed out progressing.',
  ]);
  expect(deploymentStatus({ ...wanted, status: after }, stuck, later(60))).toEqual(after);
  const moving = { current: replicaSet('new', 2, { replicas: 2, readyReplicas: 1 }), old: [] };
  expect(
    condition(deploymentStatus({ ...wanted, status: after }, moving, later(61)), 'Progressing')?.[1],
  ).toBe('ReplicaSetUpdated');
});

test('what kept pods from being created shows', () => {
  const failing = replicaSet('new', 2, {
    replicas: 0,
    conditions: [
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' },
    ],
  });
  const status = deploymentStatus(deployment(), { current: failing, old: [] }, start);
  expect(condition(status, 'ReplicaFailure')).toEqual(['True', 'FailedCreate', 'exceeded quota']);
});

test('an old template that comes back gets the newest revision and remembers its own', () => {
  const revision = (name: string, number: number): ReplicaSet => {
    const each = replicaSet(name, 0);
    each.metadata.annotations = { 'deployment.kubernetes.io/revision': String(number) };
    return each;
  };
  const annotations = annotationsOf(deployment(), revision('a', 1), [revision('b', 2)]);
  expect(annotations).toMatchObject({
    'deployment.kubernetes.io/revision': '3',
    'deployment.kubernetes.io/revision-history': '1',
    'deployment.kubernetes.io/desired-replicas': '3',
    'deployment.kubernetes.io/max-replicas': '4',
  });
  expect(annotationsOf(deployment(), revision('b', 2), [revision('a', 1)])).toMatchObject({
    'deployment.kubernetes.io/revision': '2',
  });
});

test('old ReplicaSets past the history limit go, the oldest first, and none that has pods', () => {
  const idle = (name: string, number: number) => {
    const each = replicaSet(name, 0, { replicas: 0, observedGeneration: 1 });
    each.metadata.annotations = { 'deployment.kubernetes.io/revision': String(number) };
    return each;
  };
  const old = [idle('c', 3), idle('a', 1), idle('b', 2), replicaSet('busy', 1)];
  const names = planCleanup(deployment({ revisionHistoryLimit: 2 }), old).map(
    ({ metadata }) => metadata.name,
  );
  expect(names).toEqual(['a', 'b']);
});
