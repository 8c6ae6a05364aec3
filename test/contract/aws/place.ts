import { awsEnvironment } from '../../../lambdas/env.ts';
import type { Aws } from '../../../lib/aws/types.ts';

/** Something that speaks AWS's protocols. */
export interface Place {
  name: 'the local cloud' | 'moto';
  /** Twelve digits. */
  account: string;
  /** What an SDK client is made with. */
  client: typeof CLIENT & { endpoint: string };
  /** What our own calls are made with. */
  aws: Aws;
  /** A function that may be invoked. */
  callee: string;
  /** ARN of an SNS topic. */
  topic: string;
  close(): Promise<void>;
}

export const REGION = 'us-east-1';
export const CREDENTIALS = { accessKeyId: 'AKIAPIPELINE', secretAccessKey: 'pipeline-secret' };
const CLIENT = { region: REGION, credentials: CREDENTIALS, maxAttempts: 1 };

/** How clients reach a place whose services, Lambda apart, are at `endpoint`. */
export function reach(endpoint: string, lambda = endpoint): Pick<Place, 'client' | 'aws'> {
  const variables = {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_LAMBDA: lambda,
    AWS_MAX_ATTEMPTS: '1',
  };
  return { client: { ...CLIENT, endpoint }, aws: awsEnvironment(variables) };
}
