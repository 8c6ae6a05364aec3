import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Ledger } from '../../lib/ledger/ledger.ts';
import { Owners } from '../../lib/ledger/owners.ts';
import { Table } from '../../lib/ledger/table.ts';
import type { Environment } from '../../lib/ledger/types.ts';
import type { Subject } from '../../lib/log.ts';
import type { Push } from '../../lib/push/types.ts';
import { NAMESPACE, SERVICE } from '../../lib/report/metrics.ts';
import { GitHub } from '../../lib/source/github.ts';
import type { Head, Repository } from '../../lib/source/types.ts';
import { awsEnvironment, deployEnvironment } from '../env.ts';
import { Secret } from '../secret.ts';

export const environment = deployEnvironment();

const dynamoDB = new DynamoDBClient({});
export const ledger = new Ledger(dynamoDB, environment.ledgerTable);
export const owners = new Owners(new Table(dynamoDB, environment.ledgerTable));

export const aws = awsEnvironment();

const { gitHubTokenSecretId: tokenId } = environment;
const token = tokenId === undefined ? undefined : new Secret(aws, tokenId);
export const gitHub = new GitHub({
  baseUrl: environment.gitHubUrl,
  ...(token === undefined ? {} : { token: () => token.current() }),
});

export const metrics = new Metrics({ namespace: NAMESPACE, serviceName: SERVICE });

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
  if (fork === undefined) return await gitHub.head(repository, branch);
  return pullRequest === undefined ? { is: 'gone' } : await gitHub.headOfFork(repository, pullRequest, after);
}

export function subjectOf({ delivery, app }: Pick<Order, 'app' | 'delivery'>, commit: string): Subject {
  return { delivery, app, commit };
}
