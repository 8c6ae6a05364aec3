import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { deployment } from '../../unit/kubernetes-api/client.ts';
import { onEveryServer } from './servers.ts';

const isInstalled = spawnSync('kubectl', ['version', '--client']).status === 0;

describe.skipIf(!isInstalled)('kubectl (skipped where it is not installed)', () => {
  onEveryServer('its commands', (cluster) => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fairlead-kubectl-'));
    });
    afterAll(() => rm(folder, { recursive: true }));

    const environment = () => ({ ...process.env, KUBECONFIG: cluster.kubeconfigFile, HOME: folder });

    function kubectl(...words: string[]): Promise<{ code: number; out: string; error: string }> {
      return new Promise((resolve) => {
        execFile(
          'kubectl',
          ['-n', cluster.namespace, ...words],
          { env: environment(), timeout: 20_000 },
          (error, out, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, out, error: stderr }),
        );
      });
    }

    /** The output of a command that has to succeed. */
    async function output(...words: string[]): Promise<string> {
      const { code, out, error } = await kubectl(...words);
      expect(code, `kubectl ${words.join(' ')}: ${error}`).toBe(0);
      return out.trim();
    }

    async function file(name: string, ...objects: object[]): Promise<string> {
      const path = join(folder, name);
      await writeFile(path, objects.map((each) => stringify(each)).join('---\n'));
      return path;
    }

    test('version, api-resources, api-versions, cluster-info', async () => {
      expect(await output('version')).toMatch(/Server Version: .*v1\.\d+/);
      expect(await output('api-resources')).toMatch(/^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment$/m);
      expect((await output('api-versions')).split('\n')).toEqual(expect.arrayContaining(['v1', 'apps/v1']));
      expect(await output('cluster-info')).toContain('is running at');
    });

    test('create', async () => {
      await output('create', 'deployment', 'created', '--image=demo:v1', '--replicas=0', '--port=80');
      await output('create', 'configmap', 'created', '--from-literal=a=b');
      await output('create', 'secret', 'generic', 'created', '--from-literal=a=b');
      await output('create', 'serviceaccount', 'created');
      await output('expose', 'deployment', 'created', '--port=80');
      await output('create', 'role', 'created', '--verb=get', '--resource=pods');
      await output('create', 'rolebinding', 'created', '--role=created', '--user=somebody');
      await output('create', 'ingress', 'created', '--rule=example.com/path=created:80');
      expect(
        await output(
          'get',
          'deployment',
          'created',
          '-o',
          'jsonpath={.spec.replicas} {.spec.template.spec.containers[0].ports}',
        ),
      ).toBe('0 [{"containerPort":80,"protocol":"TCP"}]');
      expect(await output('get', 'configmap,secret', 'created', '-o', 'jsonpath={.items[*].data}')).toBe(
        '{"a":"b"} {"a":"Yg=="}',
      );
      expect((await kubectl('create', 'configmap', 'created')).error).toContain(
        'configmaps "created" already exists',
      );
    });

    test('apply, diff, and apply of less', async () => {
      const object = deployment('applied', { replicas: 0 });
      Object.assign(object.spec.template.spec.containers[0] as object, {
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      });
      const first = await file('first.yaml', object);
      expect(await output('apply', '-f', first)).toBe('deployment.apps/applied created');
      expect(await output('apply', '-f', first)).toBe('deployment.apps/applied unchanged');
      const second = await file('second.yaml', deployment('applied', { replicas: 0, image: 'demo:v2' }));
      const diff = await kubectl('diff', '-f', second);
      expect(diff.code).toBe(1);
      expect(diff.out).toContain('-      - env:');
      expect(diff.out).toMatch(/^\+.*image: demo:v2$/m);
      expect(await output('apply', '-f', second)).toBe('deployment.apps/applied configured');
      expect(
        await output('get', 'deploy', 'applied', '-o', 'jsonpath={.spec.template.spec.containers[0].env}'),
      ).toBe('');
    });

    test('apply --server-side, with conflicts, force and a dry run', async () => {
      const first = await file('ssa-first.yaml', deployment('ssa', { replicas: 0 }));
      const second = await file('ssa-second.yaml', deployment('ssa', { replicas: 0, image: 'demo:v2' }));
      const apply = ['apply', '--server-side'];
      expect(await output(...apply, '--field-manager=one', '-f', first)).toBe(
        'deployment.apps/ssa serverside-applied',
      );
      const refused = await kubectl(...apply, '--field-manager=two', '-f', second);
      expect(refused.error).toContain(
        'conflict with "one": .spec.template.spec.containers[name="web"].image',
      );
      await output(...apply, '--field-manager=two', '--force-conflicts', '--dry-run=server', '-f', second);
      expect(await output('get', 'deploy', 'ssa', '-o', 'jsonpath={..image}')).toBe('demo:v1');
      await output(...apply, '--field-manager=two', '--force-conflicts', '-f', second);
      expect(await output('get', 'deploy', 'ssa', '-o', 'jsonpath={..image}')).toBe('demo:v2');
    });

    test('set, scale, label, annotate, patch, rollout pause, resume and restart', async () => {
      await output('create', 'deployment', 'changed', '--image=demo:v1', '--replicas=0');
      await output('set', 'image', 'deployment/changed', 'demo=demo:v2');
      await output('scale', 'deployment/changed', '--replicas=3');
      await output('label', 'deployment', 'changed', 'color=red');
      await output('annotate', 'deployment', 'changed', 'example.com/note=x');
      await output('rollout', 'pause', 'deployment/changed');
      expect(await output('get', 'deploy', 'changed', '-o', 'jsonpath={.spec.paused}')).toBe('true');
      await output('rollout', 'resume', 'deployment/changed');
      await output('rollout', 'restart', 'deployment/changed');
      await output('patch', 'deployment', 'changed', '-p', '{"spec":{"minReadySeconds":3}}');
      await output(
        'patch',
        'deployment',
        'changed',
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/metadata/labels/color"}]',
      );
      const path =
        '{.spec.replicas} {.spec.template.spec.containers[0].image} {.spec.minReadySeconds} {.metadata.labels} {.spec.paused}';
      expect(await output('get', 'deploy', 'changed', '-o', `jsonpath=${path}`)).toBe(
        '3 demo:v2 3 {"app":"changed"}',
      );
      expect(
        await output('get', 'deploy', 'changed', '-o', 'jsonpath={.spec.template.metadata.annotations}'),
      ).toContain('restartedAt');
    });

    test('get as a table, as wide, as YAML, by label', async () => {
      await output('create', 'deployment', 'shown', '--image=demo:v1', '--replicas=2');
      const [title, row] = (await output('get', 'deployments', 'shown', '-o', 'wide')).split('\n');
      expect(title?.split(/\s{2,}/)).toEqual([
        'NAME',
        'READY',
        'UP-TO-DATE',
        'AVAILABLE',
        'AGE',
        'CONTAINERS',
        'IMAGES',
        'SELECTOR',
      ]);
      expect(row).toMatch(/^shown\s+\d\/2\s+\d\s+0\s+\d+m?s\s+demo\s+demo:v1\s+app=shown$/);
      expect(await output('get', 'deploy', '-l', 'app=shown', '-o', 'name')).toBe('deployment.apps/shown');
      expect(await output('get', 'deploy', 'shown', '-o', 'yaml')).toContain('kind: Deployment');
      expect((await kubectl('get', 'pods', 'nobody')).error).toBe(
        'Error from server (NotFound): pods "nobody" not found\n',
      );
    });

    test('describe', async () => {
      await output('create', 'deployment', 'described', '--image=demo:v1', '--replicas=0');
      await output('expose', 'deployment', 'described', '--port=80');
      expect(await output('describe', 'deployment', 'described')).toMatch(/StrategyType:\s+RollingUpdate/);
      expect(await output('describe', 'service', 'described')).toMatch(/Port:\s+<unset>\s+80\/TCP/);
      expect(await output('describe', 'namespace', cluster.namespace)).toMatch(/Status:\s+Active/);
    });

    test('get --watch prints what changes', async () => {
      const watching = spawn(
        'kubectl',
        ['-n', cluster.namespace, 'get', 'configmaps', '--watch', '-l', 'watched=yes', '-o', 'name'],
        {
          env: environment(),
        },
      );
      let seen = '';
      const isSeen = new Promise<void>((resolve) => {
        watching.stdout.on('data', (chunk) => {
          seen += chunk;
          if (seen.includes('two\n')) resolve();
        });
      });
      for (const name of ['one', 'two']) {
        await cluster.call('POST', `/api/v1/namespaces/${cluster.namespace}/configmaps`, {
          body: { metadata: { name, labels: { watched: 'yes' } } },
        });
      }
      await isSeen;
      watching.kill();
      expect(seen).toBe('configmap/one\nconfigmap/two\n');
    });

    test('delete waits until the object is gone', async () => {
      await output('create', 'configmap', 'doomed');
      expect(await output('delete', 'configmap', 'doomed')).toContain('configmap "doomed" deleted');
      const object = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'held', finalizers: ['example.com/hold'] },
      };
      await output('apply', '-f', await file('held.yaml', object));
      const deleting = output('delete', 'configmap', 'held');
      await new Promise((resolve) => setTimeout(resolve, 500));
      await output(
        'patch',
        'configmap',
        'held',
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/metadata/finalizers"}]',
      );
      expect(await deleting).toContain('deleted');
    });

    test('wait follows a condition', async () => {
      await output('create', 'deployment', 'awaited', '--image=demo:v1', '--replicas=0');
      const waiting = output(
        'wait',
        'deployment/awaited',
        '--for=jsonpath={.metadata.labels.ready}=yes',
        '--timeout=10s',
      );
      await new Promise((resolve) => setTimeout(resolve, 500));
      await output('label', 'deployment', 'awaited', 'ready=yes');
      expect(await waiting).toBe('deployment.apps/awaited condition met');
    });

    test('explain and auth can-i', async () => {
      expect(await output('explain', 'deployment.spec.strategy')).toMatch(/rollingUpdate/);
      expect(await output('auth', 'can-i', 'delete', 'pods')).toBe('yes');
    });

    test('what is wrong is told', async () => {
      const invalid = deployment('invalid');
      invalid.spec.template.metadata.labels.app = 'other';
      const { error } = await kubectl('apply', '-f', await file('invalid.yaml', invalid));
      expect(error).toContain('`selector` does not match template `labels`');
      const unknown = { ...deployment('unknown'), spec: { ...deployment('unknown').spec, replicass: 1 } };
      expect((await kubectl('apply', '-f', await file('unknown.yaml', unknown))).error).toMatch(
        /unknown field "(spec\.)?replicass"/,
      );
    });
  });
});
