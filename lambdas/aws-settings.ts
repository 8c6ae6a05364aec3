import * as z from 'zod/mini';
import type { Aws, Credentials } from '../lib/aws/types.ts';
import { check, count, text, type Variables } from './variables.ts';

const ENDPOINTS = {
  codecommit: 'AWS_ENDPOINT_URL_CODECOMMIT',
  lambda: 'AWS_ENDPOINT_URL_LAMBDA',
  secretsmanager: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
  sqs: 'AWS_ENDPOINT_URL_SQS',
} as const;

/**
 * How functions call AWS where they do without its SDK: by the same variables, and the trace of the invocation.
 * @throws FairleadError `env/invalid-variable`
 */
export function readAws(variables: Variables): Aws {
  const read = check(z.object({ AWS_REGION: text(), AWS_MAX_ATTEMPTS: z._default(count(), 3) }), variables);
  return {
    region: read.AWS_REGION,
    attempts: read.AWS_MAX_ATTEMPTS,
    credentials: () => credentials(variables),
    endpointOf: (service) => variables[ENDPOINTS[service]] || variables.AWS_ENDPOINT_URL || undefined,
    // Another one for each invocation ("Defined runtime environment variables", AWS Lambda Developer Guide).
    trace: () => variables._X_AMZN_TRACE_ID || undefined,
  };
}

function credentials(variables: Variables): Credentials {
  const read = check(
    z.object({
      AWS_ACCESS_KEY_ID: text(),
      AWS_SECRET_ACCESS_KEY: text(),
      AWS_SESSION_TOKEN: z.optional(text()),
    }),
    variables,
  );
  const { AWS_SESSION_TOKEN: sessionToken } = read;
  return {
    accessKeyId: read.AWS_ACCESS_KEY_ID,
    secretAccessKey: read.AWS_SECRET_ACCESS_KEY,
    ...(sessionToken !== undefined && { sessionToken }),
  };
}
