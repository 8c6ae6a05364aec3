import { expect, it } from 'vitest';
import { adapt } from '../../../lib/rollout/adapt.ts';
import { releaseOf } from './state.ts';

const { resources } = releaseOf('');
const NEW = { minor: 33, policyV1: true };
const OLD = { minor: 20, policyV1: false };

it('leaves everything as it is for a cluster that EKS supports', () => {
  expect(resources.map((resource) => adapt(resource, NEW))).toEqual(resources);
});

it('drops the sleep and asks for the older budget on an older cluster, and nothing else', () => {
  const before = structuredClone(resources);
  const adapted = resources.map((resource) => adapt(resource, OLD));
  expect(resources).toEqual(before);
  const changed = adapted.filter((resource, index) => resource !== resources[index]);
  expect(changed.map(({ kind, apiVersion }) => `${apiVersion} ${kind}`)).toEqual([
    'policy/v1beta1 PodDisruptionBudget',
    'apps/v1 Deployment',
  ]);
  expect(JSON.stringify(adapted)).not.toContain('preStop');
  expect(JSON.stringify(adapted)).toContain('readinessProbe');
});
