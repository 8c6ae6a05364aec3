import { EKSClient } from '@aws-sdk/client-eks';
import { Kube } from '../lib/kube/client.ts';
import { connectToEks } from '../lib/kube/eks.ts';
import { KubeError } from '../lib/kube/error.ts';
import { about } from '../lib/log.ts';
import type { Release } from '../lib/release/types.ts';
import { tell } from '../lib/report/story.ts';
import { Cluster } from '../lib/rollout/cluster.ts';
import { notesOn } from '../lib/rollout/notes.ts';
import type {
  RecoveryAnswer,
  RecoveryRequest,
  RolloutAnswer,
  RolloutRequest,
} from '../lib/rollout/request.ts';
import { type Listener, rollOut } from '../lib/rollout/roll-out.ts';
import type { ReadSecret } from '../lib/rollout/secrets.ts';
import { awsEnvironment, rollOutEnvironment } from './env.ts';

const { clusterName, ledgerTable } = rollOutEnvironment();
const eks = new EKSClient({});

// Kept while the function's environment lives: connections, what the cluster can do, its token.
let connected: Promise<Cluster> | undefined;

/** Carries out one RolloutRequest on the cluster. A cluster that cannot be asked is thrown, for a retry. */
export async function handler(
  request: RolloutRequest | RecoveryRequest,
): Promise<RolloutAnswer | RecoveryAnswer> {
  about(request.subject);
  const on = await cluster();
  try {
    if (request.do === 'survey' || request.do === 'recollect')
      return await (await import('../lib/rollout/recovery.ts')).recoverFrom(on, request);
    return await rollOut(on, request, { ...storyteller(request), ...reader(on, request) });
  } catch (error) {
    // A cluster that was made anew is elsewhere: the next try asks where.
    if (error instanceof KubeError && error.status === 0) connected = undefined;
    throw error;
  }
}

/** Tells the pusher how it goes on. */
function storyteller({ subject }: RolloutRequest): Pick<Listener, 'onApplied' | 'onPod' | 'onNotice'> {
  return {
    onApplied: ({ number, namespace }, settled) => {
      const message = [`release ${number} applied to namespace ${namespace}`, ...notesOn(settled)].join('; ');
      tell(subject, 'rollout.applied', message, { release: number });
    },
    onPod: ({ pod, state, message }) => tell(subject, 'rollout.pod', message, { pod, state }),
    onNotice: (notice) => tell(subject, 'deploy.notice', notice, {}),
  };
}

/**
 * Reads what is not in the cluster. Each client is loaded when it is asked for: most rollouts need none. They are in
 * modules of their own, which say what of them is used: of what is imported here, all would be in the bundle.
 */
function reader({ kube }: Cluster, { release }: RolloutRequest): Partial<Listener> {
  return {
    newestFence: async () => {
      const { newestFence } = await import('./roll-out/fence.ts');
      return newestFence(ledgerTable, { app: release.app, name: release.environment });
    },
    readSecret: async (id, versionId) => (await secrets())(id, versionId),
    alarmsBefore: async (of) => {
      if (!isWatched(of)) return undefined;
      const { alarmsBefore, lookDeps } = await import('./roll-out/watching.ts');
      return alarmsBefore(lookDeps(kube), of);
    },
    look: async ({ release: of, phase, url, since }) => {
      const { look, lookDeps } = await import('./roll-out/watching.ts');
      return look(lookDeps(kube), { release: of, phase, url, since });
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

let secretsManager: Promise<ReadSecret> | undefined;

function secrets(): Promise<ReadSecret> {
  secretsManager ??= import('./secret-value.ts').then(({ secretReader }) => secretReader(awsEnvironment()));
  return secretsManager;
}

function isWatched({ bake: { alarms, alarmTag } }: Release): boolean {
  return alarms.length > 0 || alarmTag !== undefined;
}
