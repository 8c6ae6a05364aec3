import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pc from 'picocolors';
import { FairleadError } from '../../../lib/errors.ts';
import { HOST_NAMES } from '../../../lib/host-kind.ts';
import type { DeployedRepository, HostWebhooks } from '../../../lib/operate/webhooks.ts';
import { eventsOf, RepositoryWebhooks, rightOn } from '../../../lib/source/webhooks/of-repository.ts';
import type { Plan } from '../../../lib/source/webhooks/webhook.ts';
import { connect, localConfiguration } from '../operate/connect.ts';
import { asShown } from '../progress/width.ts';
import { addressOf, askForWebhooks, repositoryOf } from './installation.ts';
import type { WebhooksFlags } from './register.ts';
import { readSecret } from './secret.ts';
import { TOKEN_VARIABLES, tokenFor } from './token.ts';

/** What became of a repository's webhook, or would become of it. */
type Ended = Plan | { is: 'failed'; why: string };

/**
 * Sees to it that each repository that is deployed has exactly one webhook that sends here, with the right events, JSON,
 * certificates verified, and the secret as it is today. Others are left alone. Answers the exit code: 1 where one failed.
 */
export async function installWebhooks(
  flags: WebhooksFlags,
  say: (line: string) => void = console.log,
): Promise<number> {
  const { url, hosts } = await askForWebhooks(await connect(flags), flags);
  const client = new SecretsManagerClient(flags.local ? await localConfiguration('SECRETS_MANAGER') : {});
  const ended: Ended['is'][] = [];
  for (const host of hosts) {
    say(`${HOST_NAMES[host.kind]} (${addressOf(host)})`);
    const left = leftToAPerson(host, url);
    if (left !== undefined) {
      say(`  ${left}`);
      continue;
    }
    const see = await overseer(client, host, { url, dryRun: flags.dryRun === true });
    for (const repository of host.deployed ?? []) {
      const became = await see(repository);
      ended.push(became.is);
      say(line(repository.name, became, flags));
    }
  }
  for (const last of summary(ended, flags)) say(last);
  return ended.includes('failed') ? 1 : 0;
}

/** Why there is nothing to be done at a host, in words for a person; undefined where there is. */
function leftToAPerson({ kind, access, deployed = [], webhookSecretId }: HostWebhooks, url: string) {
  if (access === 'app')
    return `by hand: a GitHub App has one webhook for all repositories, on the App’s page under General: the URL ${url}, the secret of ${webhookSecretId} (docs/triggers.md)`;
  if (deployed.length > 0) return undefined;
  return `nothing to do: no repository of ${HOST_NAMES[kind]} is known to be deployed; list it in apps of fairlead.config.ts`;
}

/** What sees to one repository after the other; what all of them lack is found out once. */
async function overseer(
  client: SecretsManagerClient,
  host: HostWebhooks,
  { url, dryRun }: { url: string; dryRun: boolean },
): Promise<(repository: DeployedRepository) => Promise<Ended>> {
  const { kind, apiUrl } = host;
  const token = await tokenFor(client, host);
  if (token === undefined || apiUrl === undefined) {
    const why = `no token: ${TOKEN_VARIABLES[kind]} may hold one; it needs ${rightOn(kind)}`;
    return async () => ({ is: 'failed', why });
  }
  const secret = dryRun ? '' : await readSecret(client, host.webhookSecretId).catch(failed);
  if (typeof secret === 'object') return async () => secret;
  return async ({ name, previews }) => {
    try {
      const webhooks = new RepositoryWebhooks(kind, { apiUrl, token }, repositoryOf(name));
      const wanted = { url, events: eventsOf(kind, previews) ?? [] };
      const plan = await webhooks.plan(wanted);
      if (!dryRun) await webhooks.carryOut(plan, wanted, secret);
      return plan;
    } catch (error) {
      return failed(error);
    }
  };
}

/** @throws what is no fault of the host, or of what it was asked */
function failed(error: unknown): { is: 'failed'; why: string } {
  if (!(error instanceof FairleadError)) throw error;
  const { cause, remedy } = error.fault;
  return { is: 'failed', why: remedy === undefined ? cause : `${cause}; ${remedy}` };
}

const WORDS = { make: 'made', mend: 'mended', keep: 'as it was', failed: 'failed' } as const;
const WORDS_BEFORE = { ...WORDS, make: 'to make', mend: 'to mend', keep: 'as it is' } as const;

function line(name: string, became: Ended, { dryRun }: WebhooksFlags): string {
  const word = (dryRun ? WORDS_BEFORE : WORDS)[became.is].padEnd(9);
  const colour = became.is === 'failed' ? pc.red : became.is === 'keep' ? pc.dim : pc.green;
  const why =
    became.is === 'failed' ? became.why : became.is === 'mend' ? became.faults.join('; ') : undefined;
  return `  ${colour(word)}  ${name}${why === undefined ? '' : `: ${asShown(why)}`}`;
}

function summary(ended: readonly Ended['is'][], { dryRun }: WebhooksFlags): string[] {
  const failures = ended.filter((is) => is === 'failed').length;
  if (failures > 0) return [`${failures} of ${ended.length} failed.`];
  if (ended.length === 0 || !ended.every((is) => is === 'keep')) return dryRun ? ['Nothing was done.'] : [];
  return [
    dryRun
      ? 'Nothing is to be changed. Without --dry-run each secret is entered again: no host shows whether it is the right one.'
      : 'Nothing had to be changed. Each secret was entered again: no host shows whether it is the right one.',
  ];
}
