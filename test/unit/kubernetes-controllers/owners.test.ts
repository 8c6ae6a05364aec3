import { expect, test } from 'vitest';
import { planFate } from '../../../local/kubernetes/controllers/garbage.ts';
import { isSelected } from '../../../local/kubernetes/controllers/labels.ts';
import { controllerReference, planClaim } from '../../../local/kubernetes/controllers/owners.ts';
import type { KubernetesObject } from '../../../local/kubernetes/object.ts';
import { pod, replicaSet } from './objects.ts';

const owner = replicaSet('owner', 1);
const owned = (...owners: KubernetesObject[]) =>
  pod('owned', { metadata: { ownerReferences: owners.map(controllerReference) } });
const leaving = (finalizer: string): KubernetesObject => ({
  ...owner,
  metadata: { ...owner.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [finalizer] },
});

test.each([
  ['without owners', pod('free'), undefined, 'stays'],
  ['whose owner is there', owned(owner), owner, 'stays'],
  ['whose owner is gone', owned(owner), undefined, 'goes'],
  ['whose owner waits for it', owned(owner), leaving('foregroundDeletion'), 'goes'],
  ['whose owner leaves it behind', owned(owner), leaving('orphan'), 'is-freed'],
] as const)('an object %s', (_, object, found, fate) => {
  expect(planFate(object, () => found)).toBe(fate);
});

test('an object goes with the last of its owners only', () => {
  const other = replicaSet('other', 1);
  expect(planFate(owned(owner, other), (uid) => (uid === other.metadata.uid ? other : undefined))).toBe(
    'stays',
  );
});

test.each([
  ['selected and nobody’s', pod('a'), true, 'adopt'],
  ['not selected and nobody’s', pod('a'), false, 'ignore'],
  ['its own', owned(owner), true, 'own'],
  ['its own, relabelled', owned(owner), false, 'release'],
  ['somebody else’s', owned(replicaSet('other', 1)), true, 'ignore'],
  ['going', pod('a', { metadata: { deletionTimestamp: 'x' } }), true, 'ignore'],
] as const)('a pod that is %s', (_, object, selected, claim) => {
  expect(planClaim(owner, object, selected)).toBe(claim);
});

test.each([
  [{ matchLabels: { app: 'web' } }, true],
  [{ matchLabels: { app: 'api' } }, false],
  [{ matchExpressions: [{ key: 'app', operator: 'In' as const, values: ['api', 'web'] }] }, true],
  [{ matchExpressions: [{ key: 'app', operator: 'NotIn' as const, values: ['web'] }] }, false],
  [{ matchExpressions: [{ key: 'tier', operator: 'NotIn' as const, values: ['web'] }] }, true],
  [{ matchExpressions: [{ key: 'tier', operator: 'Exists' as const }] }, false],
  [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' as const }] }, true],
  [{}, true],
])('selector %j', (selector, expected) => {
  expect(isSelected({ app: 'web' }, selector)).toBe(expected);
});
