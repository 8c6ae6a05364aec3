import { mkdir } from 'node:fs/promises';
import { startControllers } from './controllers/controllers.ts';
import type { BackOff } from './kubelet/back-off.ts';
import type { Go } from './kubelet/compile-runtime.ts';
import { Kubelet } from './kubelet/kubelet.ts';
import { Runtime } from './kubelet/runtime.ts';
import { startServiceProxy } from './proxy/service-proxy.ts';
import type { Store } from './store.ts';

export interface ClusterOptions {
  store: Store;
  /** An absolute path; the cluster's own directory. */
  stateDir: string;
  /** `host[:port]` of the registry, over plain HTTP, that images of every host but this machine's are pulled from. */
  registryHost: string;
  go: Go;
  /** Of image pulls and restarts; kubelet's when absent. */
  backOff?: BackOff;
  /** Milliseconds that node ports hear of pods late, as the proxies of a cluster do; 0 unless it says so. */
  proxyLagMs?: number;
}

export interface Cluster {
  kubelet: Kubelet;
  /** Ends every pod and removes its files. */
  close(): Promise<void>;
}

/**
 * Runs what is in the store: controllers, one node, node ports. Pods are processes of this machine in namespaces of
 * their own. They are reached through their Services' node ports on 127.0.0.1; they reach themselves by loopback and
 * nothing outside: no other pod, no name server, no Internet, whether this runs as root or not. Limits of memory and
 * processor time are not enforced.
 * @throws ClusterError when this machine or user cannot run pods, or Go is missing
 */
export async function startCluster({
  store,
  stateDir,
  registryHost,
  go,
  backOff,
  proxyLagMs,
}: ClusterOptions): Promise<Cluster> {
  await mkdir(stateDir, { recursive: true });
  const runtime = await Runtime.open(go);
  const kubelet = await Kubelet.start({
    store,
    runtime,
    stateDir,
    registryHost,
    ...(backOff && { backOff }),
  });
  // The proxy comes first: of a pod that is to end it hears before the kubelet does.
  const stopProxy = startServiceProxy(store, (podIP, port) => kubelet.dial(podIP, port), proxyLagMs);
  const stopControllers = startControllers(store);
  return {
    kubelet,
    async close() {
      stopControllers();
      stopProxy();
      await kubelet.close();
    },
  };
}
