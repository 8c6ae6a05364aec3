import { randomBytes } from 'node:crypto';
import type { Admission, Principal } from '../admission.ts';
import { required } from '../input.ts';
import { awsQuery } from '../protocol.ts';
import type { Place, Service } from '../service.ts';

const DEFAULT_SECONDS = 3600;

/** AWS STS: who am I, and temporary keys for a role. Any known principal may assume any role: IAM is not emulated. */
export function sts({ account }: Place, admission: Admission): Service {
  return {
    iam: 'sts',
    protocol: awsQuery('https://sts.amazonaws.com/doc/2011-06-15/'),
    operations: {
      GetCallerIdentity: {
        run: (_, caller) => ({ Arn: caller.arn, UserId: caller.accessKeyId, Account: account }),
      },
      AssumeRole: {
        resource: (input) => required(input, 'RoleArn'),
        run: (input) => {
          const session = required(input, 'RoleSessionName');
          const seconds = Number(input.DurationSeconds ?? DEFAULT_SECONDS);
          const principal = temporary(account, required(input, 'RoleArn'), session);
          admission.add(principal);
          return {
            Credentials: {
              AccessKeyId: principal.accessKeyId,
              SecretAccessKey: principal.secretAccessKey,
              SessionToken: principal.sessionToken,
              Expiration: new Date(Date.now() + seconds * 1000).toISOString(),
            },
            AssumedRoleUser: { Arn: principal.arn, AssumedRoleId: `${principal.accessKeyId}:${session}` },
          };
        },
      },
    },
  };
}

function temporary(account: string, role: string, session: string): Required<Principal> {
  return {
    accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(60).toString('base64'),
    arn: `arn:aws:sts::${account}:assumed-role/${role.split('/').at(-1) ?? role}/${session}`,
  };
}
