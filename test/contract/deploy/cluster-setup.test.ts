import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { EKSClient } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { setUpCluster } from '../../../bin/commands/deploy/set-up.ts';
import { type Connection, Kube } from '../../../lib/kube/client.ts';
import { applySetup, clusterSetup, lookAtCluster } from '../../../lib/kube/cluster-setup.ts';
import { APPLY_SETUP, setupCommand } from '../../../lib/kube/setup-command.ts';
import { verifyEksToken } from '../../../local/aws/eks-token.ts';
import { startKubernetes } from '../../../local/kubernetes/start.ts';
import { kubectl } from '../rollout/implementation.ts';

/** Of these tests' own: others roll out with the usual ones. */
const DEPLOYERS = { group: 'fairlead:contract-setup', clusterRole: 'fairlead-contract-setup-app' };

interface Cluster {
  /** As somebody with every right. */
  admin: Connection;
  kubeconfig: string;
  /** Whether one of the group of those who roll out gets an answer to a GET of `path`. */
  deployerMay(path: string): Promise<boolean>;
  close(): Promise<void>;
}

const objects = clusterSetup({ nodes: 'of-the-cluster', deployers: DEPLOYERS });
const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);

function suite(start: () => Promise<Cluster>): void {
  let cluster: Cluster;
  let kube: Kube;
  beforeAll(async () => {
    cluster = await start();
    kube = new Kube(cluster.admin);
  }, 120_000);
  afterAll(async () => {
    kube?.close();
    await cluster?.close();
  });

  test('gives the group of those who roll out its rights, and none beside them', async () => {
    expect(await cluster.deployerMay('/api/v1/nodes')).toBe(false);
    const applied = await applySetup(kube, objects);
    expect(applied).toEqual(names.map((name) => ({ name, outcome: 'changed' })));
    const isLetIn = () => cluster.deployerMay('/api/v1/nodes');
    await expect.poll(isLetIn, { timeout: 10_000 }).toBe(true);
    expect(await cluster.deployerMay('/api/v1/namespaces')).toBe(true);
    // What is in a namespace is had namespace by namespace alone.
    expect(await cluster.deployerMay('/api/v1/secrets')).toBe(false);
    expect(await cluster.deployerMay('/api/v1/namespaces/default/secrets')).toBe(false);
    expect(await cluster.deployerMay('/apis/rbac.authorization.k8s.io/v1/clusterroles')).toBe(false);
  });

  test('changes nothing the second time', async () => {
    const applied = await applySetup(kube, objects);
    expect(applied).toEqual(names.map((name) => ({ name, outcome: 'as it was' })));
  });

  test('puts right what somebody else has made of it', async () => {
    const [role = ''] = names;
    const patch = JSON.stringify({ rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] });
    await kubectl(cluster.kubeconfig, ['patch', role.toLowerCase(), '--type=merge', '-p', patch]);
    const [first] = await applySetup(kube, objects);
    expect(first).toEqual({ name: role, outcome: 'changed' });
    const live = JSON.parse(await kubectl(cluster.kubeconfig, ['get', role.toLowerCase(), '-o', 'json']));
    expect(live.rules).toEqual((objects[0] as { rules?: unknown }).rules);
  });

  test('is what kubectl takes as it is printed', async () => {
    const yaml = objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n');
    // Of another set of rules than are there, too, which as somebody else would be a conflict.
    const changed = yaml.replace('- get\n', '- list\n');
    expect(changed).not.toBe(yaml);
    const [, ...words] = APPLY_SETUP.split(' ');
    for (const one of [yaml, changed]) {
      const said = await kubectl(cluster.kubeconfig, [...words, '--dry-run=server'], one);
      expect(said.trim().split('\n')).toHaveLength(names.length);
    }
  });

  test('knows a cluster that is not EKS in Auto Mode', async () => {
    expect(await lookAtCluster(kube, 'internal')).toEqual({ nodes: 'of-the-cluster' });
  });
}

const missing = ['/usr/bin/kubectl', '/usr/bin/go'].find((path) => !existsSync(path));

const LOGIN = { accessKeyId: 'AKIAANA', secretAccessKey: 'secret-of-ana' };
const OTHER = { accessKeyId: 'AKIABEN', secretAccessKey: 'secret-of-ben' };
const PRINCIPALS = [
  {
    arn: 'arn:aws:iam::123456789012:user/ana',
    accessKeyId: LOGIN.accessKeyId,
    secretAccessKey: LOGIN.secretAccessKey,
  },
];

describe.skipIf(missing)(missing ?? 'the set-up of the stand-in', () => {
  let endpoint = '';
  let ca = '';

  suite(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fl-'));
    const standIn = await startKubernetes({
      stateDir: join(folder, 'k'),
      registryHost: '127.0.0.1:1',
      go: {
        binary: execFileSync('which', ['go'], { encoding: 'utf8' }).trim(),
        cache: join(tmpdir(), 'fairlead-pod-runtime'),
      },
      authenticate: (token) => {
        if (token === 'deployer') return { username: 'somebody', groups: [DEPLOYERS.group] };
        if (token === 'everything') return { username: 'root', groups: ['system:masters'] };
        const caller = verifyEksToken(token, { clusterName: 'mine', principals: PRINCIPALS });
        // What the access entry of an administrator comes to.
        return caller && { username: caller.arn, groups: ['system:masters'] };
      },
    });
    ({ endpoint, ca } = standIn);
    const close = async () => {
      await standIn.close();
      await rm(folder, { recursive: true, force: true });
    };
    const admin = { endpoint, ca, token: async () => 'everything' };
    const deployerMay = async (path: string) => {
      const kube = new Kube({ ...admin, token: async () => 'deployer' });
      const answered = await kube.get(path).then(
        () => true,
        () => false,
      );
      kube.close();
      return answered;
    };
    return { admin, kubeconfig: standIn.kubeconfigFile, deployerMay, close };
  });

  async function withEks<T>(
    credentials: typeof LOGIN,
    at: string,
    act: (eks: EKSClient) => Promise<T>,
  ): Promise<T> {
    const server = createServer((_, response) => {
      const authority = { data: Buffer.from(ca).toString('base64') };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ cluster: { name: 'mine', endpoint: at, certificateAuthority: authority } }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      return await act(new EKSClient({ endpoint: url, region: 'eu-west-1', credentials }));
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  test('is applied by fairlead deploy with the login of whoever runs it', async () => {
    const done = await withEks(LOGIN, endpoint, (eks) => setUpCluster({ eks }, 'mine'));
    expect(done).toMatchObject({ is: 'applied', objects: { length: 3 } });
  });

  test('is refused to others, who are told what to do', async () => {
    const asking = withEks(OTHER, endpoint, (eks) =>
      setUpCluster({ eks }, 'mine', { patience: 100, pause: 50 }),
    );
    await expect(asking).rejects.toMatchObject({ code: 'deploy/not-admitted' });
  });

  test('waits until the cluster has heard of a new access entry', async () => {
    const late = { ...PRINCIPALS[0], accessKeyId: OTHER.accessKeyId, secretAccessKey: OTHER.secretAccessKey };
    const done = withEks(OTHER, endpoint, (eks) =>
      setUpCluster({ eks }, 'mine', { patience: 10_000, pause: 50 }),
    );
    await setTimeout(300);
    PRINCIPALS.push(late as (typeof PRINCIPALS)[0]);
    expect((await done).is).toBe('applied');
  });

  test('is left to the person where the endpoint does not answer', async () => {
    const done = await withEks(LOGIN, 'https://127.0.0.1:1', (eks) =>
      setUpCluster({ eks }, 'mine', { patience: 100, pause: 50 }),
    );
    expect(done).toMatchObject({ is: 'out-of-reach', command: setupCommand('of-the-cluster') });
  });
});

const directory = process.env.FAIRLEAD_TEST_CLUSTER ?? '';
const noCluster = existsSync(join(directory, 'admin.conf'))
  ? undefined
  : 'FAIRLEAD_TEST_CLUSTER names no directory of a running cluster';

describe.skipIf(noCluster)(noCluster ?? 'the set-up of Kubernetes', () => {
  suite(async () => {
    const kubeconfig = join(directory, 'admin.conf');
    const namespace = `fairlead-setup-${Date.now()}`;
    const view = ['config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}'];
    const endpoint = await kubectl(kubeconfig, view);
    const ca = readFileSync(join(directory, 'pki/ca.crt'), 'utf8');
    const account = `${namespace}:admin`;
    await kubectl(kubeconfig, ['create', 'namespace', namespace]);
    await kubectl(kubeconfig, ['create', 'serviceaccount', 'admin', '-n', namespace]);
    const bind = ['create', 'clusterrolebinding', namespace, '--clusterrole=cluster-admin'];
    await kubectl(kubeconfig, [...bind, `--serviceaccount=${account}`]);
    const secret = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/service-account-token',
      metadata: { name: 'token', namespace, annotations: { 'kubernetes.io/service-account.name': 'admin' } },
    });
    await kubectl(kubeconfig, ['apply', '-f', '-'], secret);
    const get = ['get', 'secret', 'token', '-n', namespace, '-o', 'jsonpath={.data.token}'];
    let token = '';
    for (let attempt = 0; token === '' && attempt < 100; attempt++) {
      token = await kubectl(kubeconfig, get);
      await setTimeout(100);
    }
    const close = async () => {
      for (const name of names)
        await kubectl(kubeconfig, ['delete', name.toLowerCase(), '--ignore-not-found']);
      await kubectl(kubeconfig, ['delete', 'clusterrolebinding', namespace]);
      await kubectl(kubeconfig, ['delete', 'namespace', namespace, '--wait=false']);
    };
    const admin = { endpoint, ca, token: async () => Buffer.from(token, 'base64').toString('utf8') };
    const asDeployer = ['--as=somebody', `--as-group=${DEPLOYERS.group}`];
    const deployerMay = (path: string) =>
      kubectl(kubeconfig, ['get', '--raw', path, ...asDeployer]).then(
        () => true,
        () => false,
      );
    return { admin, kubeconfig, deployerMay, close };
  });
});
