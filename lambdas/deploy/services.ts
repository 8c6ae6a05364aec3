import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Ledger } from '../../lib/ledger/ledger.ts';
import type { Environment } from '../../lib/ledger/types.ts';
import type { Subject } from '../../lib/log.ts';
import type { Push } from '../../lib/push/types.ts';
import { NAMESPACE, SERVICE } from '../../lib/report/metrics.ts';
import { GitHub } from '../../lib/source/github.ts';
import type { Repository } from '../../lib/source/types.ts';
import { deployEnvironment } from '../env.ts';
import { Secret } from '../secret.ts';

export const environment = deployEnvironment();

export const ledger = new Ledger(new DynamoDBClient({}), environment.ledgerTable);

const { gitHubTokenSecretId: tokenId } = environment;
const token = tokenId === undefined ? undefined : new Secret(new SecretsManagerClient({}), tokenId);
export const gitHub = new GitHub({
  baseUrl: environment.gitHubUrl,
  ...(token === undefined ? {} : { token: () => token.current() }),
});

export const metrics = new Metrics({ namespace: NAMESPACE, serviceName: SERVICE });

/** Where the head of the push's branch runs. */
export function environmentOf({ app, environment: { name } }: Push): Environment {
  return { app, name };
}

export function repositoryOf({ owner, repository }: Push): Repository {
  return { owner, name: repository };
}

export function subjectOf({ delivery, app }: Push, commit: string): Subject {
  return { delivery, app, commit };
}
