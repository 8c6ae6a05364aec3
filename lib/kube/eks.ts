import { DescribeClusterCommand, type EKSClient, ResourceNotFoundException } from '@aws-sdk/client-eks';
import { FairleadError } from '../errors.ts';
import type { Connection } from './client.ts';
import { signToken, TOKEN_LIFE_MS } from './token.ts';

/** The way to the EKS cluster `clusterName`, as the identity of `eks`' credentials. */
export async function connectToEks(eks: EKSClient, clusterName: string): Promise<Connection> {
  const { endpoint, ca } = await describe(eks, clusterName);
  let kept: { token: string; until: number } | undefined;
  return {
    endpoint,
    ca,
    async token(fresh) {
      const now = new Date();
      if (kept !== undefined && kept.until > now.getTime() && fresh === undefined) return kept.token;
      const [region, credentials] = await Promise.all([eks.config.region(), eks.config.credentials()]);
      const token = await signToken({ clusterName, region, credentials, now });
      kept = { token, until: now.getTime() + TOKEN_LIFE_MS };
      return token;
    },
  };
}

async function describe(eks: EKSClient, clusterName: string): Promise<{ endpoint: string; ca: string }> {
  const operation = `looking up the EKS cluster ${clusterName}`;
  const { cluster } = await eks.send(new DescribeClusterCommand({ name: clusterName })).catch((error) => {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    throw new FairleadError({
      code: 'kube/no-cluster',
      operation,
      cause: 'there is no such cluster in this account and region',
      remedy: 'deploy the cluster stack, or give the name of an existing one to the pipeline stack',
    });
  });
  const authority = cluster?.certificateAuthority?.data;
  if (cluster?.endpoint && authority)
    return { endpoint: cluster.endpoint, ca: Buffer.from(authority, 'base64').toString('utf8') };
  throw new FairleadError({
    code: 'kube/cluster-not-ready',
    operation,
    cause: `the cluster is ${cluster?.status ?? 'in an unknown state'} and has no endpoint yet`,
    temporary: true,
  });
}
