import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Authenticate } from './api/auth/user.ts';
import type { LogProvider } from './api/resources/context.ts';
import { startApiServer } from './api/server.ts';
import { type ClusterOptions, startCluster } from './cluster.ts';
import type { Kubelet } from './kubelet/kubelet.ts';
import type { Pod } from './kubelet/types.ts';
import { StatusError } from './status-error.ts';
import { Store } from './store.ts';

export interface KubernetesOptions extends Omit<ClusterOptions, 'store'> {
  /** Of the API server; 0, the default, takes a free one. */
  port?: number;
  /** Tells who a bearer token belongs to. */
  authenticate: Authenticate;
}

export interface Kubernetes {
  /** `https://127.0.0.1:PORT` */
  endpoint: string;
  /** The CA's certificate, PEM. */
  ca: string;
  /** Path of a kubeconfig of the administrator. */
  kubeconfigFile: string;
  store: Store;
  /** What pods here cannot do that they can in a cluster, one sentence each, for people. */
  limits: readonly string[];
  /** Takes the API server down, not the pods; what it answers brings it up again at the same address. */
  interrupt(): Promise<() => Promise<void>>;
  /** Ends every pod and removes its files; connections to its node ports are cut. */
  close(): Promise<void>;
}

const limits = [
  'Pods reach themselves and nothing else: no other pod or Service, no name server, no Internet.',
  'Limits of memory and processor time are not enforced.',
  'Autoscalers, disruption budgets and volume claims are stored and not acted upon.',
] as const;

/**
 * Starts the stand-in of a Kubernetes cluster on this machine: an API server on loopback and, as its one node, this
 * machine. What its pods can and cannot do: see `startCluster`.
 * @throws ClusterError when this machine or user cannot run pods, or Go is missing
 */
export async function startKubernetes(options: KubernetesOptions): Promise<Kubernetes> {
  const stateDir = resolve(options.stateDir);
  await mkdir(stateDir, { recursive: true });
  const store = new Store();
  const cluster = await startCluster({ ...options, store, stateDir });
  try {
    const { authenticate, port = 0 } = options;
    const logs = logProvider(cluster.kubelet);
    const api = await startApiServer({ store, host: '127.0.0.1', port, stateDir, authenticate, logs });
    const close = async () => {
      await api.close();
      await cluster.close();
    };
    const { endpoint, ca, kubeconfigFile, interrupt } = api;
    return { endpoint, ca, kubeconfigFile, store, limits, interrupt, close };
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

function logProvider(kubelet: Kubelet): LogProvider {
  return (pod, container, { signal, sinceSeconds, sinceTime, ...options }) => {
    const since = sinceSeconds === undefined ? sinceTime : Date.now() - 1_000 * sinceSeconds;
    const wanted = { ...options, ...(since !== undefined && { since: new Date(since) }) };
    const output = kubelet.logs(pod as Pod, container, wanted, signal);
    if (output) return output;
    const { name } = pod.metadata;
    throw new StatusError('BadRequest', `container "${container}" in pod "${name}" has not been started`);
  };
}
