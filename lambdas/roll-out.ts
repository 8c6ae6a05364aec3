import { EKSClient } from '@aws-sdk/client-eks';
import { Kube } from '../lib/kube/client.ts';
import { connectToEks } from '../lib/kube/eks.ts';
import { about } from '../lib/log.ts';
import { tell } from '../lib/report/story.ts';
import { Cluster } from '../lib/rollout/cluster.ts';
import type { RolloutAnswer, RolloutRequest } from '../lib/rollout/request.ts';
import { rollOut } from '../lib/rollout/roll-out.ts';
import { rollOutEnvironment } from './env.ts';

const { clusterName } = rollOutEnvironment();
const eks = new EKSClient({});

// Kept while the function's environment lives: connections, what the cluster can do, its token.
let connected: Promise<Cluster> | undefined;

/** Carries out one RolloutRequest on the cluster. A cluster that cannot be asked is thrown, for a retry. */
export async function handler(request: RolloutRequest): Promise<RolloutAnswer> {
  const { subject } = request;
  about(subject);
  return rollOut(await cluster(), request, {
    onApplied: ({ number, image }) =>
      tell(subject, 'rollout.applied', `release ${number} applied: ${image}`, { release: number }),
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
