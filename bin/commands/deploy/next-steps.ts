import type { HostSettings } from '../../../lib/config/config.ts';
import { HOST_NAMES } from '../../../lib/host-kind.ts';

/**
 * What is left to a person, in lines: where each git host is to send its pushes, and where the secrets are that both sides
 * have to know. Values of secrets are not known here. Pure.
 */
export function nextSteps(
  hosts: readonly HostSettings[],
  outputs: Readonly<Record<string, string>>,
  region: string,
): string[] {
  return hosts.flatMap((host) => stepsOf(host, outputs, region));
}

function stepsOf(
  { kind, access, url }: HostSettings,
  outputs: Readonly<Record<string, string>>,
  region: string,
): string[] {
  const name = url === undefined ? HOST_NAMES[kind] : `${HOST_NAMES[kind]} (${url})`;
  const webhook = outputs.WebhookUrl;
  const secret = outputs[`${pascal(kind)}WebhookSecretArn`];
  const token = outputs[`${pascal(kind)}TokenArn`];
  const read = (arn: string) =>
    `aws secretsmanager get-secret-value --region ${region} --query SecretString --output text --secret-id ${arn}`;
  const write = (arn: string) => `aws secretsmanager put-secret-value --region ${region} --secret-id ${arn}`;
  return [
    name,
    // Of CodeCommit, AWS tells Fairlead itself.
    ...(kind === 'codecommit' || webhook === undefined ? [] : [`  webhook       ${webhook}`]),
    ...(secret === undefined ? [] : [`  its secret    ${read(secret)}`]),
    ...(token === undefined
      ? []
      : [
          `  ${access === 'app' ? 'app key    ' : 'token      '}   ${write(token)} --secret-string file://FILE`,
        ]),
  ];
}

function pascal(kind: string): string {
  return kind === 'codecommit' ? 'CodeCommit' : kind.charAt(0).toUpperCase() + kind.slice(1);
}
