import { ECRClient } from '@aws-sdk/client-ecr';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { productionRepository } from '../../lib/engine/repositories.ts';
import type { RemoteJob } from '../../lib/engine/types.ts';
import { FairleadError, messageOf } from '../../lib/errors.ts';
import { parseRepository } from '../../lib/image/reference.ts';
import type { CredentialSource } from '../../lib/registry/credentials.ts';
import { ecrCredentials } from '../../lib/registry/ecr.ts';

/** An hour is what a role may have that was assumed by one that was assumed (IAM User Guide, "Role chaining"). */
const SECONDS = 3600;

/** What the repositories of all apps begin with, as lib/stacks/registry-stack.ts has it. */
const APPS = 'fairlead/';

/**
 * The tags of a session for one build, which the lent role's policy is made of (lib/stacks/lent-role.ts): the app that it
 * may read, and the repository that it may write. Nothing for a repository that is no app's. Pure.
 */
export function sessionTags(publishTo: string): { Key: string; Value: string }[] | undefined {
  const images = parseRepository(publishTo).path;
  const app = productionRepository(images);
  if (!images.startsWith(APPS) || !app.startsWith(APPS)) return undefined;
  return [
    { Key: 'fairlead-app', Value: app.slice(APPS.length) },
    { Key: 'fairlead-images', Value: images.slice(APPS.length) },
  ];
}

/**
 * Credentials for ECR that are good for the build of one app alone: commands of its Dockerfile run where they are.
 * @throws FairleadError `registry/no-session`
 */
export async function lentCredentials(
  role: string,
  { name, request: { publishTo } }: RemoteJob,
  sts = new STSClient({}),
): Promise<CredentialSource> {
  const tags = sessionTags(publishTo);
  if (tags === undefined) throw noSession(`${publishTo} is no repository of an app`);
  const command = new AssumeRoleCommand({
    RoleArn: role,
    RoleSessionName: `build-${name}`,
    DurationSeconds: SECONDS,
    Tags: tags,
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
      operation: 'getting credentials for the build of one app',
      cause,
      remedy: 'let the function build-image assume the role that the installation made for that',
    },
    { cause: error },
  );
}
