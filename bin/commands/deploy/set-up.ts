import { setTimeout } from 'node:timers/promises';
import { DescribeClusterCommand } from '@aws-sdk/client-eks';
import { FairleadError } from '../../../lib/errors.ts';
import { Kube } from '../../../lib/kube/client.ts';
import {
  type Applied,
  applySetup,
  type ClusterToSetUp,
  clusterSetup,
  lookAtCluster,
  type Nodes,
} from '../../../lib/kube/cluster-setup.ts';
import { connectToEks } from '../../../lib/kube/eks.ts';
import { KubeError } from '../../../lib/kube/error.ts';
import { setupCommand } from '../../../lib/kube/setup-command.ts';
import type { Node } from '../../../lib/kube/wire.ts';
import type { Aws } from './aws.ts';

/** An access entry that was just made is known to the cluster within a minute or so, and the name of a new one to DNS. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 5_000;
/** No answer, and refusals of somebody who is not known yet. */
const MAY_PASS = [0, 401, 403];

/** How the set-up of a cluster went: not at all where it does not answer, as from outside of the VPC of a private endpoint. */
export type SetUp =
  | {
      is: 'applied';
      objects: Applied[];
      /** What nodes are for (`kubernetes.io/arch`); absent where Auto Mode makes those that pods ask for. */
      architectures?: readonly string[];
    }
  | {
      is: 'out-of-reach';
      why: string;
      /** By which it is done where the cluster is reached. */
      command: string;
    };

interface Options extends Pick<ClusterToSetUp, 'ingress'> {
  patience?: number;
  pause?: number;
}

/** Applies what has to be in the cluster, as whoever runs the command. Throws `deploy/not-admitted`, KubeError. */
export async function setUpCluster(
  { eks }: Pick<Aws, 'eks'>,
  name: string,
  { ingress, patience = PATIENCE_MS, pause = PAUSE_MS }: Options = {},
): Promise<SetUp> {
  const kube = new Kube(await connectToEks(eks, name));
  const until = Date.now() + patience;
  let facts: Facts | undefined;
  try {
    for (;;) {
      try {
        const cluster = await lookAtCluster(kube, ingress);
        const objects = await applySetup(kube, clusterSetup(cluster));
        if (cluster.nodes === 'auto-mode') return { is: 'applied', objects };
        return { is: 'applied', objects, architectures: await architecturesOf(kube) };
      } catch (error) {
        if (!(error instanceof KubeError) || !MAY_PASS.includes(error.status)) throw error;
        facts ??= await factsOf(eks, name);
        const isWaitedFor = Date.now() < until && (error.status !== 0 || facts.isPublic);
        if (!isWaitedFor && error.status === 0)
          return { is: 'out-of-reach', why: error.fault.cause, command: setupCommand(facts.nodes) };
        if (!isWaitedFor) throw notAdmitted(name, error, setupCommand(facts.nodes));
        await setTimeout(pause);
      }
    }
  } finally {
    kube.close();
  }
}

async function architecturesOf(kube: Kube): Promise<string[]> {
  const { items } = await kube.get<{ items: Node[] }>('/api/v1/nodes');
  const all = items.map(({ metadata }) => metadata?.labels?.['kubernetes.io/arch'] ?? []);
  return [...new Set(all.flat())].sort();
}

interface Facts {
  nodes: Nodes;
  /** Whether it may answer here: what is reached from inside of a VPC alone is not waited for. */
  isPublic: boolean;
}

/** What EKS knows of a cluster that cannot be asked itself. */
async function factsOf(eks: Aws['eks'], name: string): Promise<Facts> {
  const { cluster } = await eks.send(new DescribeClusterCommand({ name }));
  return {
    nodes: cluster?.computeConfig?.enabled === true ? 'auto-mode' : 'of-the-cluster',
    isPublic: cluster?.resourcesVpcConfig?.endpointPublicAccess !== false,
  };
}

function notAdmitted(name: string, error: KubeError, command: string): FairleadError {
  return new FairleadError(
    {
      code: 'deploy/not-admitted',
      operation: `setting up the cluster ${name}`,
      cause: `the cluster refuses you: ${error.fault.cause}`,
      remedy: `let one of its administrators run ${command}`,
    },
    { cause: error },
  );
}
