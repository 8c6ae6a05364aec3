import { describe, expect, test } from 'vitest';
import { decideApp } from '../../../lib/app/decide.ts';
import { forFork } from '../../../lib/app/for-fork.ts';
import { isolate } from '../../../lib/release/isolate.ts';
import { phasesOf } from '../../../lib/release/phases.ts';
import { render } from '../../../lib/release/render.ts';
import { groundsOf } from '../../../lib/rollout/jobs.ts';

const app = decideApp({
  name: 'web',
  file: 'jobs: { migrate: { command: [/migrate] } }\n',
  environment: 'preview-pr-7',
  image: { exposedPorts: [8080] },
  defaults: { service: 'ClusterIP' },
});
const release = isolate(
  render({
    app: forFork(app),
    image: `registry/web@sha256:${'a'.repeat(64)}`,
    environment: { name: 'preview-pr-7', namespace: 'web--pr-7' },
    commit: 'a'.repeat(40),
    number: 1,
    createdAt: new Date(0),
    quota: { cpu: '1', memory: '1Gi', pods: 5 },
  }),
);
const kindsOf = (resources: readonly { kind: string }[]) => resources.map(({ kind }) => kind);

describe('the release of a fork', () => {
  test('has its walls before anything of it runs', () => {
    const kinds = kindsOf(phasesOf(release)[0]?.resources ?? []);
    const pods = kinds.indexOf('Deployment');
    for (const wall of ['Namespace', 'NetworkPolicy', 'ResourceQuota', 'LimitRange', 'ServiceAccount']) {
      expect(kinds).toContain(wall);
      expect(kinds.indexOf(wall)).toBeLessThan(pods);
    }
    const [job] = release.jobs;
    const grounds = kindsOf(job === undefined ? [] : groundsOf(job, release));
    expect(grounds).toEqual(expect.arrayContaining(['NetworkPolicy', 'ResourceQuota', 'LimitRange']));
  });

  test('lets its pods reach each other, names and the internet, and nothing private', () => {
    const policy = release.resources.find(({ kind }) => kind === 'NetworkPolicy');
    expect(policy?.metadata.namespace).toBe('web--pr-7');
    expect(policy?.metadata.labels).toMatchObject({ 'app.kubernetes.io/instance': 'web-preview-pr-7' });
    const { egress, podSelector, policyTypes } = (policy?.spec ?? {}) as {
      egress: { to?: { ipBlock?: { cidr: string; except: string[] } }[] }[];
      podSelector: object;
      policyTypes: string[];
    };
    expect([podSelector, policyTypes]).toEqual([{}, ['Egress']]);
    const blocks = egress.flatMap(({ to = [] }) => to.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock] : [])));
    expect(blocks.map(({ cidr }) => cidr)).toEqual(['0.0.0.0/0', '::/0']);
    expect(blocks[0]?.except).toEqual(expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16']));
  });

  test('allows no privileged pods in its namespace, and says so with Fairlead’s own labels', () => {
    const namespace = release.resources.find(({ kind }) => kind === 'Namespace');
    expect(namespace?.metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'baseline',
      'app.kubernetes.io/managed-by': 'fairlead',
    });
  });
});
