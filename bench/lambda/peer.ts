import { createHmac, timingSafeEqual } from 'node:crypto';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

const lambda = new LambdaClient({});
const secrets = new SecretsManagerClient({});

interface Webhook {
  body: string;
  headers: Record<string, string | undefined>;
}

/** A receiver of webhooks as it is usually written: a signature is checked, and a function started, by the SDK's clients. */
export async function handler({ body, headers }: Webhook) {
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: 'webhook' }));
  const expected = Buffer.from(`sha256=${createHmac('sha256', SecretString).update(body).digest('hex')}`);
  const given = Buffer.from(headers['x-hub-signature-256'] ?? '');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { statusCode: 401 };
  await lambda.send(new InvokeCommand({ FunctionName: 'deploy', InvocationType: 'Event', Payload: body }));
  return { statusCode: 202 };
}
