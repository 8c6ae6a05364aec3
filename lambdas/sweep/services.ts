import { createHash } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Ledger } from '../../lib/ledger/ledger.ts';
import type { DeployRequest } from '../../lib/push/request.ts';
import type { Origin } from '../../lib/push/types.ts';
import { SWEPT } from '../../lib/push/upkeep.ts';
import type { Forge } from '../../lib/source/forge.ts';
import type { Repository } from '../../lib/source/types.ts';
import { awsEnvironment, sweepEnvironment } from '../env.ts';
import { Forges } from '../forges.ts';
import { startDeploy } from '../start-deploy.ts';

const environment = sweepEnvironment();
const aws = awsEnvironment();

export const { deploys, stuckAfter } = environment;
export const ledger = new Ledger(new DynamoDBClient({}), environment.ledgerTable);

const forges = new Forges(environment.hosts, aws);

/** The git host of a repository. */
export function forgeOf({ host }: Pick<Origin, 'host'>): Forge {
  return forges.of(host);
}

/** Starts the deploy function, once for each delivery. */
export async function start(request: DeployRequest): Promise<'started' | 'known'> {
  const once = { prefix: 'sweep', id: request.delivery };
  return await startDeploy(aws, environment.deployFunction, request, once);
}

export function repositoryOf({ owner, repository }: Origin): Repository {
  return { owner, name: repository };
}

const HOUR = 3_600_000;

/**
 * The id of something that nobody sent: the same for the same, so that two rounds at once start it once; another one an
 * hour later, in case that what was started came to nothing and nobody knows.
 */
export function deliveryOf(...what: readonly (string | number)[]): string {
  const hour = Math.floor(Date.now() / HOUR);
  const hash = createHash('sha256')
    .update(JSON.stringify([...what, hour]))
    .digest('hex');
  return `${SWEPT}${hash.slice(0, 32)}`;
}
