import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { EKSClient } from '@aws-sdk/client-eks';
import { connectToEks } from '../../../lib/kube/eks.ts';
import { type Implementation, kubectl, type Running } from './implementation.ts';
import { publishProbe } from './probe-image.ts';
import { deployersOf, rights } from './rights.ts';

/** The work directory of a running cluster: `admin.conf`, `pki/ca.crt`, `token-webhook.json`. */
const directory = process.env.FAIRLEAD_TEST_CLUSTER ?? '';

/** The 20 of Kubernetes 1.20; a new one where there is no cluster. */
function minorVersion(): number {
  const kubeconfig = join(directory, 'admin.conf');
  if (!existsSync(kubeconfig)) return Number.POSITIVE_INFINITY;
  const version = execFileSync('kubectl', ['--kubeconfig', kubeconfig, 'version', '-o', 'json'], {
    encoding: 'utf8',
  });
  return Number.parseInt(JSON.parse(version).serverVersion.minor, 10);
}

/** Kubernetes itself, with EKS logins checked by a webhook of its own. */
export const realCluster: Implementation = {
  name: 'Kubernetes',
  missing: existsSync(join(directory, 'admin.conf'))
    ? undefined
    : 'FAIRLEAD_TEST_CLUSTER names no directory of a running cluster',
  lacks: [
    ...(minorVersion() < 23 ? (['owners of scaling'] as const) : []),
    ...(minorVersion() < 30 ? (['sleep'] as const) : []),
  ],
  start,
};

/** Host of the images as the cluster is told it. */
const HOST = 'registry.fairlead.test';

// The cluster's own rule for all hosts tries its registry first and then the internet, which is not there: an image
// that is missing would look like a network that is broken (containerd, docs/hosts.md).
function knowRegistry(registry: string): void {
  const folder = join(directory, 'conf/certs.d', HOST);
  mkdirSync(folder, { recursive: true });
  const url = `http://${registry}`;
  const toml = `server = "${url}"\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n`;
  writeFileSync(join(folder, 'hosts.toml'), toml);
}

interface Logins {
  clusterName: string;
  accessKeys: Record<string, { secret: string; arn: string }>;
  mappings: { arn: string; groups: string[] }[];
}

async function start(): Promise<Running> {
  const kubeconfig = join(directory, 'admin.conf');
  const endpoint = await kubectl(kubeconfig, [
    'config',
    'view',
    '-o',
    'jsonpath={.clusters[0].cluster.server}',
  ]);
  const logins: Logins = JSON.parse(readFileSync(join(directory, 'token-webhook.json'), 'utf8'));
  const deployers = deployersOf(logins.mappings[0]?.groups[0] ?? '');
  // Others may make them at the same moment, which an apply by the server bears.
  await kubectl(kubeconfig, ['apply', '--server-side', '-f', '-'], JSON.stringify(rights(deployers)));
  const eks = await serveEks(logins.clusterName, endpoint, readFileSync(join(directory, 'pki/ca.crt')));
  const [accessKeyId = '', { secret: secretAccessKey = '' } = {}] =
    Object.entries(logins.accessKeys)[0] ?? [];
  const credentials = { accessKeyId, secretAccessKey };
  const client = new EKSClient({ endpoint: eks.url, region: 'eu-west-1', credentials });
  const registry = `${new URL(endpoint).hostname}:5000`;
  knowRegistry(registry);
  return {
    connection: await connectToEks(client, logins.clusterName),
    deployers,
    kubeconfig,
    image: `${HOST}/fairlead/probe@${publishProbe(`${registry}/fairlead/probe`)}`,
    close: eks.close,
  };
}

/** The one call of EKS that is needed: DescribeCluster. */
async function serveEks(name: string, endpoint: string, ca: Buffer) {
  const server = createServer((request, response) => {
    const found = request.url === `/clusters/${name}`;
    const cluster = {
      name,
      status: 'ACTIVE',
      endpoint,
      certificateAuthority: { data: ca.toString('base64') },
    };
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ? { cluster } : { message: 'none' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, close: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}
