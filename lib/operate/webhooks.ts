import type { HostKind } from '../host-kind.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Deploys, rulesFor } from '../push/installation.ts';
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
  /** Those of them that are deployed today: the ones that need a webhook. An installation of before does not say. */
  deployed?: readonly DeployedRepository[];
}

export interface DeployedRepository {
  /** `owner/name` */
  name: string;
  /** Whether some app of it can have previews. */
  previews: boolean;
}

export async function webhooksOf(
  ledger: Pick<Ledger, 'environments'>,
  deploys: Deploys,
  { url, hosts }: WebhookSettings,
): Promise<Webhooks> {
  const pushed: Origin[] = (await ledger.environments()).map(({ push }) => push);
  const all = [...deploys.apps.map(({ repository }) => repository), ...pushed];
  return {
    ...(url !== undefined && { url }),
    hosts: hosts.map((host) => {
      const known = all.filter((origin) => origin.host === host.kind);
      return {
        ...host,
        repositories: [...new Set(known.map(nameOf))].sort(),
        deployed: among(known, deploys),
      };
    }),
  };
}

function among(known: readonly Origin[], deploys: Deploys): DeployedRepository[] {
  const named = new Map<string, DeployedRepository>();
  for (const origin of known) {
    const rules = rulesFor(deploys, origin);
    if ('refused' in rules) continue;
    const name = nameOf(origin);
    // Hosts do not tell names apart by their case.
    const key = name.toLowerCase();
    const previews = rules.previews.of !== 'off' || named.get(key)?.previews === true;
    named.set(key, { name: named.get(key)?.name ?? name, previews });
  }
  return [...named.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function nameOf({ owner, repository }: Origin): string {
  return `${owner}/${repository}`;
}
