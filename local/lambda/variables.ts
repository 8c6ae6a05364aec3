import { randomUUID } from 'node:crypto';
import type { FunctionSpec, Place } from './types.ts';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * The environment variables of a function: its own, and those that Lambda sets. Nothing of this process gets in.
 * Source: "Defined runtime environment variables", AWS Lambda Developer Guide. AWS_ENDPOINT_URL_* are the SDKs' own
 * way of being pointed elsewhere.
 */
export function variablesOf(
  spec: FunctionSpec,
  place: Place,
  { accessKeyId, secretAccessKey }: Credentials,
  endpoints: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    ...spec.environment,
    ...endpoints,
    _HANDLER: spec.handler,
    AWS_REGION: place.region,
    AWS_DEFAULT_REGION: place.region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memory),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream(),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    LAMBDA_TASK_ROOT: spec.directory,
  };
}

/** `2026/03/12/[$LATEST]…`: each environment has one of its own. */
function logStream(): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
  return `${day}/[$LATEST]${randomUUID().replaceAll('-', '')}`;
}
