import { expect, it } from 'vitest';
import type { KubernetesObject } from '../../../lib/release/types.ts';
import type { ReadSecret } from '../../../lib/rollout/secrets.ts';
import { freshName } from './apps.ts';
import { ask } from './load.ts';
import type { Scene } from './scene.ts';

const migrate = (mode: string, more = '') =>
  `jobs: { migrate: { command: [/app], env: { MODE: ${mode} }${more} } }`;
const WORKER = (mode: string) =>
  `processes: { worker: { command: [/app], replicas: 1, env: { LISTEN: "9090", MODE: "${mode}" } } }`;

/** What an app may consist of besides what takes its requests: jobs, other processes, secrets, config, bounds. */
export function appSuite(scene: Scene): void {
  const { live, release } = scene;
  const releaseNumber = '{.metadata.annotations.fairlead\\.dev/release}';

  it('runs the jobs of a release before anything that serves is changed', async () => {
    const name = freshName();
    const { answer } = await scene.on.apply(
      release({ name, number: 1, version: 'a', file: migrate('done') }),
      1,
    );
    expect(answer).toMatchObject({ state: 'live' });
    const done = await scene.on.read(name, 'job', `${name}-migrate-1`, '{.status.completionTime}');
    const made = await scene.on.read(name, 'deployment', name, '{.metadata.creationTimestamp}');
    expect(Date.parse(done)).toBeLessThanOrEqual(Date.parse(made));
  });

  it('stops at a migration that fails, with its exit and last words, while the old release serves', async () => {
    const name = freshName();
    const url = await live(name);
    const next = release({ name, number: 2, version: 'b', file: migrate('exit') });
    const { answer, ms } = await scene.on.apply(next, 2);
    expect(answer).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(
        /^job \S+-migrate-2 has failed: container \S+ exits with code 1 right after its start: .*cannot read config\.json$/,
      ),
      details: expect.stringContaining('log of '),
    });
    expect(ms).toBeLessThan(15_000);
    expect(await ask(url)).toBe('a');
    expect(await scene.on.read(name, 'deployment', name, releaseNumber)).toBe('1');
  });

  it('gives a migration its time, and says what it was at', async () => {
    const name = freshName();
    const next = release({ name, number: 1, version: 'a', file: migrate('hang', ', timeout: 12') });
    const { answer } = await scene.on.apply(next, 1);
    expect(answer).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/^job \S+ is not done within its 12 s: container \S+ was still running$/),
      details: expect.stringContaining('waiting for the lock'),
    });
  });

  it('says at once what keeps a migration from ever running', async () => {
    const name = freshName();
    const image = scene.on.running.image.replace(/@.*/, `@sha256:${'0'.repeat(64)}`);
    const { answer, ms } = await scene.on.apply(
      release({ name, number: 1, version: 'a', image, file: migrate('done') }),
      1,
    );
    expect(answer).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/^job \S+: image \S+ cannot be pulled: its registry does not have it/),
    });
    expect(ms).toBeLessThan(15_000);
  });

  it('makes all processes of an app live, and sends requests to its web alone', async () => {
    const name = freshName();
    const url = await live(name, { file: WORKER('') });
    expect(await scene.on.read(name, 'deployment', `${name}-worker`, '{.status.availableReplicas}')).toBe(
      '1',
    );
    const ready = '{.subsets[*].addresses[*].targetRef.name}';
    const behind = (await scene.on.read(name, 'endpoints', name, ready)).split(' ');
    expect(behind.some((pod) => pod.includes('worker'))).toBe(false);
    expect(await ask(url)).toBe('a');
  });

  it('fails for a process that crashes though the web is well, with the log of the right one', async () => {
    const name = freshName();
    const url = await live(name, { file: WORKER('') });
    // By then the cluster has called it ready, since nobody asks it.
    const late = release({ name, number: 2, version: 'b', file: WORKER('late') });
    const { answer } = await scene.on.apply(late, 2);
    expect(answer).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/exits with code 2 right after its start: panic: boom$/),
      details: expect.stringMatching(/^log of \S+-worker-\S+, container /),
    });
    expect(['a', 'b']).toContain(await ask(url));
  });

  it('takes away what a release no longer contains, and nothing else', async () => {
    const name = freshName();
    await live(name, { file: `${WORKER('')}\nconfig: { /etc/app.json: "{}" }` });
    await scene.on.kubectl('-n', name, 'create', 'configmap', 'theirs', '--from-literal=a=b');
    const names = async (kind: string) =>
      (await scene.on.read(name, kind, '', '{.items[*].metadata.name}')).split(' ').filter(Boolean).sort();
    const before = (await names('configmaps')).filter((one) => one.startsWith(`${name}-config`));
    expect(before).toHaveLength(1);
    expect((await scene.on.apply(release({ name, number: 2, version: 'b' }), 2)).answer).toMatchObject({
      state: 'live',
    });
    await expect.poll(() => names('deployments')).toEqual([name]);
    const left = await names('configmaps');
    expect(left).toContain('theirs');
    expect(left).not.toContain(before[0]);
  });

  it('gives pods a secret of Secrets Manager, and new pods its new version', async () => {
    const name = freshName();
    const file = 'secrets: { TOKEN: { secretsManager: shop/token } }';
    const values = new Map([
      ['v1', 'hush-one'],
      ['v2', 'hush-two'],
    ]);
    const readSecret: ReadSecret = async (_, version = '') => ({
      is: 'text',
      text: values.get(version) ?? '',
    });
    const apply = async (number: number, version: string) => {
      const secretVersions = { 'shop/token': version };
      const wanted = release({ name, number, version: 'a', file, secretVersions });
      return (await scene.on.ask({ do: 'apply', phase: 0, release: wanted }, number, { readSecret })).answer
        .state;
    };
    expect(await apply(1, 'v1')).toBe('live');
    const from = '{.spec.template.spec.containers[0].env[?(@.name=="TOKEN")].valueFrom.secretKeyRef.name}';
    const value = async () => {
      const secret = await scene.on.read(name, 'deployment', name, from);
      return Buffer.from(await scene.on.read(name, 'secret', secret, '{.data.TOKEN}'), 'base64').toString();
    };
    expect(await value()).toBe('hush-one');
    expect(await apply(2, 'v2')).toBe('live');
    expect(await value()).toBe('hush-two');
    const all = await scene.on.kubectl('-n', name, 'get', 'deployments,configmaps,events', '-o', 'json');
    expect(all).not.toMatch(/hush/);
  });

  it('names a Secret of the cluster that is not there, and the key that is not in it', async () => {
    const name = freshName();
    const file = 'secrets: { LICENSE: { kubernetes: licenses, key: shop } }';
    scene.on.namespaces.add(name);
    await scene.on.handOver(name);
    const first = await scene.on.apply(release({ name, number: 1, version: 'a', file }), 1);
    expect(first.answer).toMatchObject({ state: 'failed', reason: expect.stringContaining('licenses') });
    await scene.on.kubectl('-n', name, 'create', 'secret', 'generic', 'licenses', '--from-literal=other=x');
    const second = await scene.on.apply(release({ name, number: 2, version: 'a', file }), 2);
    expect(second.answer).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/shop.*licenses|licenses.*shop/),
    });
  });

  it('fails early where a preview is bigger than its quota', async () => {
    const name = freshName();
    const quota = { cpu: '1', memory: '1Gi', pods: 1 };
    const { answer, ms } = await scene.on.apply(release({ name, number: 1, version: 'a', quota }), 1);
    expect(answer).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(
        /^the cluster refuses to create pods: exceeded quota: fairlead, requested: pods=1/,
      ),
    });
    expect(ms).toBeLessThan(15_000);
    const small = release({
      name,
      number: 2,
      version: 'a',
      file: 'replicas: 1\nstrategy: rolling',
      quota: { ...quota, pods: 4 },
    });
    const { answer: then } = await scene.on.apply(small, 2);
    expect(then.state === 'failed' ? then.reason : then.state).toBe('live');
  });

  it('takes cron jobs, autoscalers and ingresses', async () => {
    const name = freshName();
    const file = [
      'cron: { report: { schedule: "30 6 * * 1", command: [/app], env: { MODE: done } } }',
      'ingress: { host: "app.example.com" }',
      'scale: { min: 2, max: 3, cpu: 80 }',
    ].join('\n');
    expect((await scene.on.apply(release({ name, number: 1, version: 'a', file }), 1)).answer.state).toBe(
      'live',
    );
    for (const kind of ['cronjob', 'ingress', 'horizontalpodautoscaler'])
      expect(await scene.on.read(name, kind, '', '{.items[*].metadata.name}')).toContain(name);
    expect((await scene.on.apply(release({ name, number: 2, version: 'a' }), 2)).answer).toMatchObject({
      state: 'live',
    });
    await expect.poll(() => scene.on.read(name, 'cronjob', '', '{.items[*].metadata.name}')).toBe('');
  });

  it.each(['StatefulSet', 'DaemonSet'] as const)('follows a %s of the user', async (kind) => {
    const name = freshName();
    const own = (number: number, mode: string) => {
      const made = release({ name, number, version: 'a' });
      return { ...made, resources: made.resources.flatMap((one) => asSet(one, kind, mode)) };
    };
    // A set ends each pod before it makes the next, for which a busy node may take more time than one invocation has.
    expect(await scene.on.bringOut(own(1, ''), 1)).toMatchObject({ state: 'live' });
    expect(await scene.on.bringOut(own(2, 'panic'), 2)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/panic: boom$/),
    });
  });

  it('removes an environment, its namespace too', async () => {
    const name = freshName();
    await live(name, { file: WORKER('') });
    const { answer } = await scene.on.ask(
      { do: 'remove', release: release({ name, number: 1, version: 'a' }) },
      2,
    );
    expect(answer).toEqual({ state: 'removed' });
    await expect
      .poll(() => scene.on.kubectl('get', 'namespaces', '-o', 'name'), { timeout: 180_000 })
      .not.toContain(name);
  });
}

interface Templated {
  selector: object;
  template: { spec: { containers: { env: { name: string; value?: string }[] }[] } };
}

/** The rendered Deployment as one of the user's own sets. */
function asSet(
  resource: KubernetesObject,
  kind: 'StatefulSet' | 'DaemonSet',
  mode: string,
): KubernetesObject[] {
  if (resource.kind === 'PodDisruptionBudget') return [];
  if (resource.kind !== 'Deployment') return [resource];
  const { selector, template } = structuredClone(resource.spec) as Templated;
  for (const { env } of template.spec.containers)
    for (const variable of env) if (variable.name === 'MODE') variable.value = mode;
  const own = kind === 'StatefulSet' ? { replicas: 1, serviceName: resource.metadata.name } : {};
  return [{ ...resource, kind, spec: { selector, template, ...own } }];
}
