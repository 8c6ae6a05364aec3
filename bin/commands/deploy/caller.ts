import { GetRoleCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { FairleadError, messageOf } from '../../../lib/errors.ts';
import type { Aws } from './aws.ts';

/** Who runs the command. */
export interface Caller {
  account: string;
  /**
   * As access entries of EKS name principals: the ARN of a user, or of a role with its path. Absent where the role has one
   * that AWS does not tell.
   */
  principal?: string;
}

/** Asks AWS who we are. Throws `deploy/no-credentials`, `deploy/root`. */
export async function findCaller({ sts, iam, region }: Pick<Aws, 'sts' | 'iam' | 'region'>): Promise<Caller> {
  const { Account: account = '', Arn: arn = '' } = await sts
    .send(new GetCallerIdentityCommand())
    .catch((error: unknown) => {
      throw new FairleadError(
        {
          code: 'deploy/no-credentials',
          operation: `asking AWS in ${region} who you are`,
          cause: messageOf(error),
          remedy: 'log in (aws sso login, aws configure), or name a profile with --profile',
        },
        { cause: error },
      );
    });
  if (arn.endsWith(':root'))
    throw new FairleadError({
      code: 'deploy/root',
      operation: 'looking at who deploys',
      cause: 'these are credentials of the account’s root user, which EKS lets into no cluster',
      remedy: 'log in as a user or a role',
    });
  const role = roleOf(arn);
  if (role === undefined) return { account, principal: arn };
  // Of a session AWS tells the role's name, and not its path, which those of IAM Identity Center have.
  const found = await iam.send(new GetRoleCommand({ RoleName: role.name })).catch(() => undefined);
  if (found?.Role?.Arn !== undefined) return { account, principal: found.Role.Arn };
  if (role.name.startsWith('AWSReservedSSO_')) return { account };
  return { account, principal: `arn:${role.partition}:iam::${account}:role/${role.name}` };
}

/** The role of a session; nothing for the ARN of a user. */
function roleOf(arn: string): { partition: string; name: string } | undefined {
  const [, partition, name] = /^arn:([\w-]+):sts::\d+:assumed-role\/([^/]+)\//.exec(arn) ?? [];
  return partition === undefined || name === undefined ? undefined : { partition, name };
}
