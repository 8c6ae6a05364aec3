import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Ledger } from '../../lib/ledger/ledger.ts';
import { Owners } from '../../lib/ledger/owners.ts';
import { Table } from '../../lib/ledger/table.ts';
import type { Environment } from '../../lib/ledger/types.ts';
import type { Subject } from '../../lib/log.ts';
import type { Origin, Push } from '../../lib/push/types.ts';
import type { Forge } from '../../lib/source/forge.ts';
import { headOfFork } from '../../lib/source/pulls.ts';
import type { Head, Repository } from '../../lib/source/types.ts';
import { awsEnvironment, deployEnvironment } from '../env.ts';
import { Forges } from '../forges.ts';

export const environment = deployEnvironment();

export const dynamoDB = new DynamoDBClient({});
export const ledger = new Ledger(dynamoDB, environment.ledgerTable);
export const owners = new Owners(new Table(dynamoDB, environment.ledgerTable));

export const aws = awsEnvironment();

const forges = new Forges(environment.hosts, aws);

/** The git host of a repository. */
export function forgeOf({ host }: Pick<Origin, 'host'>): Forge {
  return forges.of(host);
}

/** That the host did not take what lets Fairlead in, or showed it too little: asked for again, it is read anew. */
export function renewAccess(origin: Origin): void {
  forges.accessTo(origin.host)?.renew?.(repositoryOf(origin));
}

/** What every request is about: an app's environment, and the id by which its story is followed. */
export type Order = Pick<Push, 'app' | 'environment' | 'delivery'>;

/** The ledger's name for where it is to run. */
export function environmentOf({ app, environment: { name } }: Order): Environment {
  return { app, name };
}

export function repositoryOf({ owner, repository }: Pick<Push, 'owner' | 'repository'>): Repository {
  return { owner, name: repository };
}

/**
 * Where the branch of a push is now. Of a fork only the commit counts that a person has let in, as long as it is the
 * head of its pull request: another one is never built in its place.
 */
export async function headOf(push: Push): Promise<Head> {
  const { fork, pullRequest, after, branch } = push;
  const repository = repositoryOf(push);
  const forge = forgeOf(push);
  if (fork === undefined) return await forge.head(repository, branch);
  return pullRequest === undefined ? { is: 'gone' } : await headOfFork(forge, repository, pullRequest, after);
}

export function subjectOf({ delivery, app }: Pick<Order, 'app' | 'delivery'>, commit: string): Subject {
  return { delivery, app, commit };
}
