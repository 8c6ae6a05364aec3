import { randomBytes } from 'node:crypto';
import type { Principal } from './aws/admission.ts';

/** An identity with keys, and where it finds each service: what the SDK's environment variables say. */
export interface Person {
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** `AWS_ENDPOINT_URL_*` */
  endpoints: Readonly<Record<string, string>>;
}

export function personOf(
  { accessKeyId, secretAccessKey }: Principal,
  region: string,
  endpoints: Readonly<Record<string, string>>,
): Person {
  return { region, accessKeyId, secretAccessKey, endpoints };
}

/** The identity of a function, or of another part, with new keys. */
export function principalOf(account: string, name: string): Principal {
  return {
    // As AWS writes them: AKIA and sixteen letters and digits.
    accessKeyId: `AKIA${name
      .replace(/[^a-z]/g, '')
      .toUpperCase()
      .padEnd(16, '0')
      .slice(0, 16)}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
    arn: `arn:aws:sts::${account}:assumed-role/fairlead-${name}/${name}`,
  };
}

/** Where SDK clients find each service. */
export function endpoints(
  aws: { endpoint: string; dynamodbEndpoint: string },
  lambda: string,
): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_CLOUDWATCH: aws.endpoint,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: aws.endpoint,
    AWS_ENDPOINT_URL_CODEBUILD: aws.endpoint,
    AWS_ENDPOINT_URL_CODECOMMIT: aws.endpoint,
    AWS_ENDPOINT_URL_ECR: aws.endpoint,
    AWS_ENDPOINT_URL_EKS: aws.endpoint,
    AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API: aws.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.endpoint,
    AWS_ENDPOINT_URL_SNS: aws.endpoint,
    AWS_ENDPOINT_URL_SQS: aws.endpoint,
    AWS_ENDPOINT_URL_STS: aws.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: aws.dynamodbEndpoint,
    AWS_ENDPOINT_URL_LAMBDA: lambda,
    AWS_ENDPOINT_URL_LAMBDA_MICROVMS: aws.endpoint,
  };
}
