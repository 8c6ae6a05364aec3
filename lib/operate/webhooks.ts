import type { HostKind } from '../host-kind.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Deploys } from '../push/installation.ts';
import type { Origin } from '../push/types.ts';

/** What one kind of git host shares with the installation: where it is kept, and no value of it. */
export interface SharedWithHost {
  kind: HostKind;
  apiUrl?: string;
  /** Secrets Manager ids: of what it signs its webhooks with, and of what lets Fairlead in. */
  webhookSecretId: string;
  tokenSecretId?: string;
  /** What the latter holds; a token when absent. */
  access?: 'token' | 'app';
}

/** What the function knows of webhooks. */
export interface WebhookSettings {
  /** Where hosts send them; absent where the function was not told. */
  url?: string;
  hosts: readonly SharedWithHost[];
}

/** With the repositories, `owner/name`, that are deployed from each host as far as anybody knows. */
export interface Webhooks {
  url?: string;
  hosts: readonly HostWebhooks[];
}

export interface HostWebhooks extends SharedWithHost {
  repositories: readonly string[];
}

export async function webhooksOf(
  ledger: Pick<Ledger, 'environments'>,
  deploys: Pick<Deploys, 'apps'>,
  { url, hosts }: WebhookSettings,
): Promise<Webhooks> {
  const pushed: Origin[] = (await ledger.environments()).map(({ push }) => push);
  const all = [...deploys.apps.map(({ repository }) => repository), ...pushed];
  const namesOn = (kind: HostKind) =>
    new Set(all.filter(({ host }) => host === kind).map(({ owner, repository }) => `${owner}/${repository}`));
  return {
    ...(url !== undefined && { url }),
    hosts: hosts.map((host) => ({ ...host, repositories: [...namesOn(host.kind)].sort() })),
  };
}
