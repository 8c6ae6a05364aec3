import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKubernetes } from '../../../local/kubernetes/start.ts';
import { DOCKER_REGISTRY, startDockerRegistry } from '../registry/docker-registry.ts';
import { type Implementation, kubectl, type Running } from './implementation.ts';
import { publishProbe } from './probe-image.ts';
import { deployersOf, GROUP, rights } from './rights.ts';

/** local/kubernetes, with pods that are processes of this machine. */
export const standIn = {
  name: 'the stand-in',
  missing: [DOCKER_REGISTRY, '/usr/bin/skopeo', '/usr/bin/kubectl'].every(existsSync)
    ? undefined
    : 'docker-registry, skopeo or kubectl is not installed',
  lacks: [],
  start: () => start(),
} satisfies Implementation;

/** The same, with proxies that hear of pods as late as a cluster's may. */
export const lateStandIn: Implementation = { ...standIn, start: () => start({ proxyLagMs: 1000 }) };

const TOKEN = 'let the deployer in';

interface StandIn extends Running {
  /** Takes the API server down; answers how it comes back. */
  interrupt(): Promise<() => Promise<void>>;
}

async function start(more: { proxyLagMs?: number } = {}): Promise<StandIn> {
  const directory = await mkdtemp(join(tmpdir(), 'fl-'));
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const one of opened.reverse()) await one.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    return { ...(await startIn(directory, opened, more)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startIn(
  directory: string,
  opened: { close(): Promise<void> }[],
  more: { proxyLagMs?: number },
) {
  await mkdir(join(directory, 'r'));
  const registry = await startDockerRegistry(join(directory, 'r'));
  opened.push(registry);
  const go = execFileSync('which', ['go'], { encoding: 'utf8' }).trim();
  const cluster = await startKubernetes({
    stateDir: join(directory, 'k'),
    registryHost: registry.host,
    go: { binary: go, cache: join(tmpdir(), 'fairlead-pod-runtime') },
    ...more,
    authenticate: (token) => (token === TOKEN ? { username: 'deployer', groups: [GROUP] } : undefined),
  });
  opened.push(cluster);
  const deployers = deployersOf(GROUP);
  await kubectl(cluster.kubeconfigFile, ['apply', '-f', '-'], JSON.stringify(rights(deployers)));
  return {
    connection: { endpoint: cluster.endpoint, ca: cluster.ca, token: async () => TOKEN },
    deployers,
    kubeconfig: cluster.kubeconfigFile,
    interrupt: cluster.interrupt,
    image: `registry.fairlead.test/fairlead/probe@${publishProbe(`${registry.host}/fairlead/probe`)}`,
  };
}
