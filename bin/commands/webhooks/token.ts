import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { HostKind } from '../../../lib/host-kind.ts';
import type { HostWebhooks } from '../../../lib/operate/webhooks.ts';

/** Where a person's own token for a host may be. */
export const TOKEN_VARIABLES: Readonly<Partial<Record<HostKind, string>>> = {
  github: 'GITHUB_TOKEN',
  gitlab: 'GITLAB_TOKEN',
  gitea: 'GITEA_TOKEN',
  bitbucket: 'BITBUCKET_TOKEN',
};

/** A person's own token, if they have said one; else the installation's, if they may read it, and it is one. */
export async function tokenFor(
  client: SecretsManagerClient,
  { kind, access, tokenSecretId }: HostWebhooks,
): Promise<string | undefined> {
  const own = process.env[TOKEN_VARIABLES[kind] ?? ''];
  if (own || access === 'app' || tokenSecretId === undefined) return own || undefined;
  const read = await client
    .send(new GetSecretValueCommand({ SecretId: tokenSecretId }))
    .catch(() => undefined);
  const value = read?.SecretString?.trim();
  return value === '{}' ? undefined : value;
}
