import { expect, it } from 'vitest';
import { adapt, versionsFor } from '../../../lib/rollout/adapt.ts';
import { object } from './fake-cluster.ts';

const template = (container: object) => ({
  template: { spec: { containers: [{ name: 'web', ...container }] } },
});
const SLEEPING = { lifecycle: { preStop: { sleep: { seconds: 5 } } }, readinessProbe: {} };

it('leaves everything as it is for a cluster that EKS supports', () => {
  for (const one of [
    object('Deployment', 'web', { spec: template(SLEEPING) }, 'apps/v1'),
    object('PodDisruptionBudget', 'web', {}, 'policy/v1'),
  ])
    expect(adapt(one, { apiVersion: one.apiVersion, minor: 33 })).toBe(one);
});

it('knows by which other versions an API goes, the newest first', () => {
  const versions = (apiVersion: string, kind: string) => versionsFor({ apiVersion, kind });
  expect(versions('policy/v1', 'PodDisruptionBudget')).toEqual(['policy/v1', 'policy/v1beta1']);
  expect(versions('policy/v1beta1', 'PodDisruptionBudget')).toEqual(['policy/v1beta1', 'policy/v1']);
  expect(versions('autoscaling/v2', 'HorizontalPodAutoscaler')).toEqual([
    'autoscaling/v2',
    'autoscaling/v2beta2',
  ]);
  expect(versions('batch/v1', 'CronJob')).toEqual(['batch/v1', 'batch/v1beta1']);
  // These have other fields.
  expect(versions('autoscaling/v1', 'HorizontalPodAutoscaler')).toEqual(['autoscaling/v1']);
  expect(versions('batch/v1', 'Job')).toEqual(['batch/v1']);
});

it.each([
  { kind: 'Deployment', spec: (container: object) => template(container) },
  { kind: 'CronJob', spec: (container: object) => ({ jobTemplate: { spec: template(container) } }) },
])('drops the sleep of the pods of a $kind on an older cluster, and nothing else', ({ kind, spec }) => {
  const one = object(kind, 'web', { spec: spec(SLEEPING) }, 'x/v1');
  const before = structuredClone(one);
  expect(adapt(one, { apiVersion: 'x/v1', minor: 20 }).spec).toEqual(spec({ readinessProbe: {} }));
  expect(one).toEqual(before);
  const other = { lifecycle: { preStop: { exec: { command: ['x'] } } } };
  expect(
    adapt(object(kind, 'web', { spec: spec(other) }, 'x/v1'), { apiVersion: 'x/v1', minor: 20 }).spec,
  ).toEqual(spec(other));
});
