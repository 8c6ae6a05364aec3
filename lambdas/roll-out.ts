import { EKSClient } from '@aws-sdk/client-eks';
import { Kube } from '../lib/kube/client.ts';
import { connectToEks } from '../lib/kube/eks.ts';
import type { Ledger } from '../lib/ledger/ledger.ts';
import { about } from '../lib/log.ts';
import { tell } from '../lib/report/story.ts';
import { Cluster } from '../lib/rollout/cluster.ts';
import type { RolloutAnswer, RolloutRequest } from '../lib/rollout/request.ts';
import { rollOut } from '../lib/rollout/roll-out.ts';
import { rollOutEnvironment } from './env.ts';

const { clusterName, ledgerTable } = rollOutEnvironment();
const eks = new EKSClient({});

// Kept while the function's environment lives: connections, what the cluster can do, its token.
let connected: Promise<Cluster> | undefined;
let ledger: Ledger | undefined;

/** Carries out one RolloutRequest on the cluster. A cluster that cannot be asked is thrown, for a retry. */
export async function handler(request: RolloutRequest): Promise<RolloutAnswer> {
  const { subject, release } = request;
  about(subject);
  return rollOut(await cluster(), request, {
    onApplied: ({ number, namespace }, left) => {
      const kept = left.map(({ field, manager }) => `; ${field} stays as ${manager} has set it`);
      const message = `release ${number} applied to namespace ${namespace}${kept.join('')}`;
      tell(subject, 'rollout.applied', message, { release: number });
    },
    newestFence: () => newestFence({ app: release.app, name: release.environment }),
    onPod: ({ pod, state, message }) => tell(subject, 'rollout.pod', message, { pod, state }),
  });
}

function cluster(): Promise<Cluster> {
  connected ??= connectToEks(eks, clusterName)
    .then((connection) => new Cluster(new Kube(connection)))
    .catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
  return connected;
}

// Loaded when it is asked for: most rollouts are live before.
async function newestFence(environment: { app: string; name: string }): Promise<number | undefined> {
  const [{ DynamoDBClient }, { Ledger }] = await Promise.all([
    import('@aws-sdk/client-dynamodb'),
    import('../lib/ledger/ledger.ts'),
  ]);
  ledger ??= new Ledger(new DynamoDBClient({}), ledgerTable);
  return (await ledger.newestClaim(environment))?.fence;
}
