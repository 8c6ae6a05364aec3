import { FairleadError } from '../../../lib/errors.ts';
import type { HostWebhooks } from '../../../lib/operate/webhooks.ts';
import { type Ask, localWebhook } from '../operate/connect.ts';

const OPERATION = 'asking the installation for its webhooks';

/**
 * Where the installation hears webhooks, and the hosts that send them.
 * @throws FairleadError `webhook/no-url` and `webhook/older-installation`
 */
export async function askForWebhooks(
  ask: Ask,
  { local }: { local?: true },
): Promise<{ url: string; hosts: readonly HostWebhooks[] }> {
  const answer = await ask({ do: 'webhooks' });
  if (answer.is !== 'webhooks')
    throw new Error(`the installation answers '${answer.is}' to another question`);
  // The functions of a local cloud are defined before it listens.
  const url = answer.url ?? (local ? await localWebhook() : undefined);
  if (url === undefined)
    throw new FairleadError({
      code: 'webhook/no-url',
      operation: OPERATION,
      cause: 'the installation does not say where webhooks are sent',
      remedy: 'bring it up to date: npx fairlead deploy',
    });
  if (answer.hosts.some(({ deployed }) => deployed === undefined))
    throw new FairleadError({
      code: 'webhook/older-installation',
      operation: OPERATION,
      cause:
        'the installation is older than this command, and does not say which repositories need a webhook',
      remedy: 'bring it up to date: npx fairlead deploy',
    });
  return { url, hosts: answer.hosts };
}

/** Where people see a host whose API is at `apiUrl` (lib/config/api-url.ts, the other way round). */
export function addressOf({ apiUrl = '' }: Pick<HostWebhooks, 'apiUrl'>): string {
  return apiUrl.replace('://api.', '://').replace(/\/(api\/v\d|2\.0)$/, '');
}

/** GitLab's groups may have groups in them. */
export function repositoryOf(name: string): { owner: string; name: string } {
  const at = name.lastIndexOf('/');
  return { owner: name.slice(0, at), name: name.slice(at + 1) };
}
