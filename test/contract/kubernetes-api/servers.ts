import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { startControllers } from '../../../local/kubernetes/controllers/controllers.ts';
import { type Call, clientFor, startTestServer } from '../../unit/kubernetes-api/client.ts';

export interface Cluster {
  call: Call;
  /** A namespace of this suite's own. */
  namespace: string;
  kubeconfigFile: string;
}

/** Runs the suite against our API server and, where FAIRLEAD_TEST_CLUSTER names its folder, against a real one. */
export function onEveryServer(title: string, suite: (cluster: Cluster) => void): void {
  describe(`${title}: ours`, () => suite(prepared(startOurs)));
  const directory = process.env.FAIRLEAD_TEST_CLUSTER;
  describe.skipIf(directory === undefined)(
    `${title}: the cluster of FAIRLEAD_TEST_CLUSTER (skipped where it is not set)`,
    () => suite(prepared(async () => useExisting(join(directory ?? '', 'admin.conf')))),
  );
}

interface Started {
  call: Call;
  kubeconfigFile: string;
  close: () => Promise<void>;
}

/** With its controllers, and without a node. */
async function startOurs(): Promise<Started> {
  const server = await startTestServer();
  const stop = startControllers(server.store);
  const close = async () => {
    stop();
    await server.close();
  };
  return { ...server, close };
}

async function useExisting(kubeconfigFile: string): Promise<Started> {
  return { call: await clientFor(kubeconfigFile), kubeconfigFile, close: async () => {} };
}

function prepared(start: () => Promise<Started>): Cluster {
  const cluster = {} as Cluster;
  let close = async () => {};
  beforeAll(async () => {
    const started = await start();
    const namespace = `contract-${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
    const made = await started.call('POST', '/api/v1/namespaces', {
      body: { metadata: { name: namespace } },
    });
    if (made.status !== 201) throw new Error(made.text);
    Object.assign(cluster, { call: started.call, namespace, kubeconfigFile: started.kubeconfigFile });
    close = started.close;
  });
  afterAll(async () => {
    await cluster.call?.('DELETE', `/api/v1/namespaces/${cluster.namespace}`);
    await close();
  });
  return cluster;
}
