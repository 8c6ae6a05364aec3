import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { FairleadError, messageOf } from '../../../lib/errors.ts';

/** What a host signs its webhooks with today. @throws FairleadError `webhook/no-secret` */
export async function readSecret(client: SecretsManagerClient, id: string): Promise<string> {
  const fail = (cause: string) =>
    new FairleadError({
      code: 'webhook/no-secret',
      operation: `reading the secret ${id}`,
      cause,
      remedy: `ask for secretsmanager:GetSecretValue on ${id}`,
    });
  const read = await client
    .send(new GetSecretValueCommand({ SecretId: id }))
    .catch((error: unknown) => Promise.reject(fail(`its secret cannot be read: ${messageOf(error)}`)));
  if (!read.SecretString) throw fail('its secret is empty');
  return read.SecretString;
}
