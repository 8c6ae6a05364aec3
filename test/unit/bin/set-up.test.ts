import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EKSClient } from '@aws-sdk/client-eks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setUpCluster } from '../../../bin/commands/deploy/set-up.ts';
import { fakeApi, json, refuse } from '../kube/fake-api.ts';

/** What EKS says of the cluster; nobody listens at its endpoint. */
let cluster: object;
let server: Server;
let eks: EKSClient;

beforeEach(async () => {
  cluster = { endpoint: 'https://127.0.0.1:1', certificateAuthority: { data: 'Y2E=' } };
  server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ cluster }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
  eks = new EKSClient({ endpoint, region: 'eu-west-1', credentials });
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const FORCED = 'kubectl apply --server-side --field-manager=fairlead --force-conflicts -f -';

test.each([
  ['in Auto Mode', { computeConfig: { enabled: true } }, 'npx fairlead cluster-setup --auto-mode'],
  ['with nodes of its own', { computeConfig: { enabled: false } }, 'npx fairlead cluster-setup'],
  ['of which nothing is said', {}, 'npx fairlead cluster-setup'],
])(
  'of a cluster %s that is out of reach, the command for its administrator is told',
  async (_, of, command) => {
    cluster = { ...cluster, ...of };
    const done = await setUpCluster({ eks }, 'mine', { patience: 0, pause: 0 });
    expect(done).toMatchObject({ is: 'out-of-reach', command: `${command} | ${FORCED}` });
  },
);

test.each([
  ['of its own', false, ['amd64', 'arm64']],
  ['of Auto Mode', true, undefined],
])('says what nodes %s are for', async (_, isAuto, architectures) => {
  const nodes = ['arm64', 'amd64', 'amd64'].map((arch) => ({
    metadata: { labels: { 'kubernetes.io/arch': arch } },
  }));
  const api = await fakeApi(({ method, path, body }, response) => {
    if (method === 'PATCH') return json(response, 200, body);
    if (path === '/api/v1/nodes') return json(response, 200, { items: nodes });
    if (path === '/apis/eks.amazonaws.com/v1' && isAuto) return json(response, 200, {});
    return refuse(response, 404, 'NotFound');
  });
  try {
    const { endpoint, ca } = api.connection;
    cluster = { endpoint, certificateAuthority: { data: Buffer.from(ca).toString('base64') } };
    const done = await setUpCluster({ eks }, 'mine');
    expect(done).toMatchObject({ is: 'applied', objects: { length: isAuto ? 4 : 3 } });
    expect(done).toMatchObject(architectures ? { architectures } : {});
    expect('architectures' in done).toBe(!isAuto);
  } finally {
    await api.close();
  }
});

test('waits for a public endpoint that does not answer yet', async () => {
  const api = await fakeApi(({ method, path, body }, response) => {
    if (method === 'PATCH') return json(response, 200, body);
    if (path === '/api/v1/nodes') return json(response, 200, { items: [] });
    // The first two requests are cut off.
    if (api.requests.length <= 2) return response.destroy();
    return refuse(response, 404, 'NotFound');
  });
  try {
    const { endpoint, ca } = api.connection;
    cluster = { endpoint, certificateAuthority: { data: Buffer.from(ca).toString('base64') } };
    const done = await setUpCluster({ eks }, 'mine', { patience: 10_000, pause: 10 });
    expect(done).toMatchObject({ is: 'applied' });
  } finally {
    await api.close();
  }
});

test('gives up in the end, with what EKS says of it', async () => {
  const before = Date.now();
  const done = await setUpCluster({ eks }, 'mine', { patience: 300, pause: 50 });
  expect(done).toMatchObject({ is: 'out-of-reach' });
  expect(Date.now() - before).toBeGreaterThanOrEqual(300);
});

test('does not wait for a private endpoint, which would not answer here either later', async () => {
  cluster = { ...cluster, resourcesVpcConfig: { endpointPublicAccess: false } };
  const waiting = setUpCluster({ eks }, 'mine', { patience: 60_000, pause: 60_000 });
  expect(await waiting).toMatchObject({ is: 'out-of-reach' });
});
