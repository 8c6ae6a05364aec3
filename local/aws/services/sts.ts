import { randomBytes } from 'node:crypto';
import type { Admission } from '../admission.ts';
import { type Input, optional, required } from '../input.ts';
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
        context: requestTags,
        also: (input) =>
          Object.keys(tagsOf(input)).length === 0
            ? []
            : [{ action: 'TagSession', resource: required(input, 'RoleArn') }],
        run: (input) => {
          const session = required(input, 'RoleSessionName');
          const seconds = Number(input.DurationSeconds ?? DEFAULT_SECONDS);
          const principal = temporary(account, required(input, 'RoleArn'), session, tagsOf(input));
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

/** `Tags.member.1.Key` and `Tags.member.1.Value` (API_AssumeRole). */
function tagsOf(input: Input): Record<string, string> {
  const tags: Record<string, string> = {};
  for (let index = 1; input[`Tags.member.${index}.Key`] !== undefined; index++)
    tags[required(input, `Tags.member.${index}.Key`)] = optional(input, `Tags.member.${index}.Value`) ?? '';
  return tags;
}

function requestTags(input: Input): Record<string, string | string[]> {
  const tags = Object.entries(tagsOf(input));
  const values = tags.map(([key, value]) => [`aws:RequestTag/${key}`, value]);
  return { ...Object.fromEntries(values), 'aws:TagKeys': tags.map(([key]) => key) };
}

function temporary(account: string, role: string, session: string, tags: Record<string, string>) {
  return {
    accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(60).toString('base64'),
    arn: `arn:aws:sts::${account}:assumed-role/${role.split('/').at(-1) ?? role}/${session}`,
    role,
    tags,
  };
}
