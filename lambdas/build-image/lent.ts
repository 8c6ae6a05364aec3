import { ECRClient } from '@aws-sdk/client-ecr';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { RemoteJob } from '../../lib/engine/types.ts';
import { FairleadError, messageOf } from '../../lib/errors.ts';
import { parseRepository } from '../../lib/image/reference.ts';
import type { CredentialSource } from '../../lib/registry/credentials.ts';
import { ecrCredentials } from '../../lib/registry/ecr.ts';

/** An hour is what a role may have that was assumed by one that was assumed (IAM User Guide, "Role chaining"). */
const SECONDS = 3600;

/** As in Amazon ECR's host names: the account and the region. */
const ECR = /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./;

/**
 * What a session of the role `role` is narrowed to for one build: the repository that the image is published to, with
 * its cache, and those that bases are mirrored to. Nothing where that is not in ECR. Pure.
 */
export function sessionPolicy(role: string, publishTo: string, mirrored: readonly string[]) {
  const { host, path } = parseRepository(publishTo);
  const [, account, region] = ECR.exec(host) ?? [];
  if (account === undefined || region === undefined) return undefined;
  const partition = role.split(':')[1] ?? 'aws';
  const repository = (name: string) => `arn:${partition}:ecr:${region}:${account}:repository/${name}`;
  // Above that, the role's own policy says what may be done there.
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
      {
        Effect: 'Allow',
        Action: 'ecr:*',
        Resource: [repository(path), ...mirrored.map((registry) => repository(`${registry}/*`))],
      },
    ],
  };
}

/**
 * Credentials for ECR that are good for the build of one app alone: commands of its Dockerfile run where they are.
 * @throws FairleadError `registry/no-session`
 */
export async function lentCredentials(
  role: string,
  { name, request: { publishTo } }: RemoteJob,
  mirrored: readonly string[],
  sts = new STSClient({}),
): Promise<CredentialSource> {
  const policy = sessionPolicy(role, publishTo, mirrored);
  if (policy === undefined) return async () => undefined;
  const command = new AssumeRoleCommand({
    RoleArn: role,
    RoleSessionName: `build-${name}`,
    DurationSeconds: SECONDS,
    Policy: JSON.stringify(policy),
  });
  const { Credentials: given } = await sts.send(command).catch((error: unknown) => {
    throw noSession(messageOf(error), error);
  });
  if (given?.AccessKeyId === undefined || given.SecretAccessKey === undefined)
    throw noSession('STS answered without credentials');
  const credentials = {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretAccessKey,
    ...(given.SessionToken === undefined ? {} : { sessionToken: given.SessionToken }),
  };
  return ecrCredentials(new ECRClient({ credentials }));
}

function noSession(cause: string, error?: unknown): FairleadError {
  return new FairleadError(
    {
      code: 'registry/no-session',
      operation: 'getting credentials for a build in a MicroVM',
      cause,
      remedy: 'let the function build-image assume the role that the installation made for that',
    },
    { cause: error },
  );
}
