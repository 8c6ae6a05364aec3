import type { HostSettings } from '../../../lib/config/config.ts';
import { HOST_NAMES } from '../../../lib/host-kind.ts';
import { TOKEN_VARIABLES } from '../webhooks/token.ts';
import { type Aws, asProfile } from './aws.ts';

/**
 * What is left to a person, in lines: where each git host is to send its pushes, and where the secrets are that both sides
 * have to know. Values of secrets are not known here. Pure.
 */
export function nextSteps(
  hosts: readonly HostSettings[],
  outputs: Readonly<Record<string, string>>,
  where: Pick<Aws, 'region' | 'profile'>,
): string[] {
  return hosts.flatMap((host) => stepsOf(host, outputs, where));
}

function stepsOf(
  { kind, access, url }: HostSettings,
  outputs: Readonly<Record<string, string>>,
  where: Pick<Aws, 'region' | 'profile'>,
): string[] {
  const name = url === undefined ? HOST_NAMES[kind] : `${HOST_NAMES[kind]} (${url})`;
  const webhook = outputs.WebhookUrl;
  const secret = outputs[`${pascal(kind)}WebhookSecretArn`];
  const token = outputs[`${pascal(kind)}TokenArn`];
  const ask = (call: string, arn: string) =>
    asProfile(where, `aws secretsmanager ${call} --region ${where.region} --secret-id ${arn}`);
  const read = (arn: string) => ask('get-secret-value --query SecretString --output text', arn);
  const write = (arn: string) => ask('put-secret-value', arn);
  return [
    name,
    // Of CodeCommit, AWS tells Fairlead itself.
    ...(kind === 'codecommit' || webhook === undefined ? [] : webhookLines(kind, access, webhook, where)),
    ...(secret === undefined ? [] : [`  its secret    ${read(secret)}`]),
    ...(token === undefined
      ? []
      : [
          `  ${access === 'app' ? 'app key    ' : 'token      '}   ${write(token)} --secret-string file://FILE`,
        ]),
  ];
}

/** Of a GitHub App there is one webhook, on its own page. */
function webhookLines(
  kind: HostSettings['kind'],
  access: HostSettings['access'],
  url: string,
  where: Pick<Aws, 'region' | 'profile'>,
): string[] {
  if (access === 'app') return [`  webhook       ${url}`];
  const command = asProfile(where, `AWS_REGION=${where.region} npx fairlead webhooks`);
  return [
    `  webhooks      ${command} makes them, with a token of yours in ${TOKEN_VARIABLES[kind]}`,
    `  or by hand    ${url}`,
  ];
}

function pascal(kind: string): string {
  return kind === 'codecommit' ? 'CodeCommit' : kind.charAt(0).toUpperCase() + kind.slice(1);
}
