import { EKSClient } from '@aws-sdk/client-eks';
import type { LookDeps } from '../lib/bake/look.ts';
import { Kube } from '../lib/kube/client.ts';
import { connectToEks } from '../lib/kube/eks.ts';
import type { Ledger } from '../lib/ledger/ledger.ts';
import { about } from '../lib/log.ts';
import type { Release } from '../lib/release/types.ts';
import { tell } from '../lib/report/story.ts';
import { Cluster } from '../lib/rollout/cluster.ts';
import type { RolloutAnswer, RolloutRequest } from '../lib/rollout/request.ts';
import { type Listener, rollOut } from '../lib/rollout/roll-out.ts';
import type { ReadSecret } from '../lib/rollout/secrets.ts';
import { awsEnvironment, rollOutEnvironment } from './env.ts';

const { clusterName, ledgerTable } = rollOutEnvironment();
const eks = new EKSClient({});

// Kept while the function's environment lives: connections, what the cluster can do, its token.
let connected: Promise<Cluster> | undefined;
let ledger: Ledger | undefined;

/** Carries out one RolloutRequest on the cluster. A cluster that cannot be asked is thrown, for a retry. */
export async function handler(request: RolloutRequest): Promise<RolloutAnswer> {
  about(request.subject);
  const on = await cluster();
  return rollOut(on, request, { ...storyteller(request), ...reader(on, request) });
}

/** Tells the pusher how it goes on. */
function storyteller({ subject }: RolloutRequest): Pick<Listener, 'onApplied' | 'onPod' | 'onNotice'> {
  return {
    onApplied: ({ number, namespace }, left) => {
      const kept = left.map(({ field, manager }) => `; ${field} stays as ${manager} has set it`);
      const message = `release ${number} applied to namespace ${namespace}${kept.join('')}`;
      tell(subject, 'rollout.applied', message, { release: number });
    },
    onPod: ({ pod, state, message }) => tell(subject, 'rollout.pod', message, { pod, state }),
    onNotice: (notice) => tell(subject, 'deploy.notice', notice, {}),
  };
}

/** Reads what is not in the cluster. Each client is loaded when it is asked for: most rollouts need none. */
function reader({ kube }: Cluster, { release }: RolloutRequest): Partial<Listener> {
  return {
    newestFence: () => newestFence({ app: release.app, name: release.environment }),
    readSecret: async (id, versionId) => (await secrets())(id, versionId),
    alarmsBefore: async (of) => {
      if (!isWatched(of)) return undefined;
      const [{ alarmsBefore }, deps] = await Promise.all([import('../lib/bake/look.ts'), lookDeps(kube)]);
      return alarmsBefore(deps, of);
    },
    look: async ({ release: of, phase, url, since }) => {
      const [{ look }, deps] = await Promise.all([import('../lib/bake/look.ts'), lookDeps(kube)]);
      return look(deps, { release: of, phase, url, since });
    },
  };
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

async function newestFence(environment: { app: string; name: string }): Promise<number | undefined> {
  const [{ DynamoDBClient }, { Ledger }] = await Promise.all([
    import('@aws-sdk/client-dynamodb'),
    import('../lib/ledger/ledger.ts'),
  ]);
  ledger ??= new Ledger(new DynamoDBClient({}), ledgerTable);
  return (await ledger.newestClaim(environment))?.fence;
}

let secretsManager: Promise<ReadSecret> | undefined;

function secrets(): Promise<ReadSecret> {
  secretsManager ??= import('./secret-value.ts').then(({ secretReader }) => secretReader(awsEnvironment()));
  return secretsManager;
}

let watching: Promise<LookDeps> | undefined;

function lookDeps(kube: Kube): Promise<LookDeps> {
  watching ??= Promise.all([
    import('@aws-sdk/client-cloudwatch'),
    import('@aws-sdk/client-resource-groups-tagging-api'),
    import('../lib/rollout/restarts.ts'),
  ]).then(([{ CloudWatchClient }, { ResourceGroupsTaggingAPIClient }, { restartsSince }]) => ({
    cloudWatch: new CloudWatchClient({}),
    tagging: new ResourceGroupsTaggingAPIClient({}),
    restartsSince: (release, of) => restartsSince(kube, release, of),
  }));
  return watching;
}

function isWatched({ bake: { alarms, alarmTag } }: Release): boolean {
  return alarms.length > 0 || alarmTag !== undefined;
}
