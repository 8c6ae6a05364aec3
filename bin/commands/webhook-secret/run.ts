import { setTimeout as sleep } from 'node:timers/promises';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pc from 'picocolors';
import { FairleadError } from '../../../lib/errors.ts';
import { HOST_NAMES, type HostKind } from '../../../lib/host-kind.ts';
import type { HostWebhooks } from '../../../lib/operate/webhooks.ts';
import { RepositoryWebhooks } from '../../../lib/source/webhooks/of-repository.ts';
import { type Ask, connect, localConfiguration, localWebhook } from '../operate/connect.ts';
import { asShown } from '../progress/width.ts';
import { addressOf, repositoryOf } from '../webhooks/installation.ts';
import { TOKEN_VARIABLES, tokenFor } from '../webhooks/token.ts';
import { type Entered, enterSecret } from './enter.ts';
import type { RotateFlags } from './register.ts';
import { endOfOverlap, type Standing, Versions } from './versions.ts';

/** ms: functions read a secret anew at most every two seconds; who signs with it before that would be refused. */
const SETTLING = 3_000;

/**
 * Rotates what a host signs its webhooks with, so that no event is refused: the old value is taken beside the new one
 * until the host has that. Answers the exit code.
 */
export async function rotateWebhookSecret(
  flags: RotateFlags,
  kind: HostKind,
  say: (line: string) => void = console.log,
): Promise<number> {
  const { host, url } = await hostOf(await connect(flags), kind, flags);
  const client = new SecretsManagerClient(flags.local ? await localConfiguration('SECRETS_MANAGER') : {});
  const versions = new Versions(client, host.webhookSecretId);
  const standing = await versions.standing();
  if (flags.finish) return await finish(versions, standing, say);
  if (standing.previous !== undefined && !flags.force) throw underWay(kind, standing.previous.until);
  const secret = await versions.rotate();
  await sleep(SETTLING);
  say(`What ${HOST_NAMES[kind]} signs its webhooks with has a new value; the old one is taken, too.`);
  const token = await tokenFor(client, host);
  const byHand: string[] = [];
  for (const name of host.repositories) {
    const entered = await enter(host, name, { token, url, secret });
    if (entered.is === 'entered') say(`  ${pc.green('entered')}  ${name}`);
    else {
      byHand.push(name);
      say(`  ${pc.yellow('by hand')}  ${name}: ${asShown(entered.why)}`);
    }
  }
  if (byHand.length > 0 || host.repositories.length === 0) for (const line of steps(host, byHand)) say(line);
  say(
    `The old one is taken until ${moment(endOfOverlap(new Date()))}, or until the next rotation. ` +
      `To end it now: npx fairlead rotate-webhook-secret ${kind} --finish`,
  );
  return 0;
}

async function hostOf(
  ask: Ask,
  kind: HostKind,
  { local }: RotateFlags,
): Promise<{ host: HostWebhooks; url: string | undefined }> {
  const answer = await ask({ do: 'webhooks' });
  if (answer.is !== 'webhooks')
    throw new Error(`the installation answers '${answer.is}' to another question`);
  const host = answer.hosts.find((one) => one.kind === kind);
  if (host !== undefined) return { host, url: answer.url ?? (local ? await localWebhook() : undefined) };
  const known = answer.hosts.map((one) => one.kind).join(', ');
  throw new FairleadError({
    code: 'webhook-secret/no-host',
    operation: 'looking for the secret',
    cause: `the installation shares no secret with '${kind}'`,
    remedy: known === '' ? 'name a host in fairlead.config.ts' : `there is ${known}`,
  });
}

async function finish(versions: Versions, { previous, since }: Standing, say: (line: string) => void) {
  if (previous === undefined) {
    say(`No old one is taken: the value of ${moment(since)} is the only one.`);
    return 0;
  }
  await versions.end(previous.id);
  say(
    `The value from before ${moment(since)} is refused from now on; by what has it in memory in five minutes at the latest.`,
  );
  return 0;
}

async function enter(
  host: HostWebhooks,
  name: string,
  { token, url, secret }: { token: string | undefined; url: string | undefined; secret: string },
): Promise<Entered> {
  if (host.access === 'app') return { is: 'by-hand', why: 'the webhook is the GitHub App’s' };
  if (token === undefined || host.apiUrl === undefined)
    return {
      is: 'by-hand',
      why: `no token: ${TOKEN_VARIABLES[host.kind]} may hold one that may change webhooks`,
    };
  if (url === undefined)
    return { is: 'by-hand', why: 'the installation does not say where webhooks are sent' };
  const webhooks = new RepositoryWebhooks(host.kind, { apiUrl: host.apiUrl, token }, repositoryOf(name));
  return await enterSecret(webhooks, { url, secret });
}

/** Where a person finds the webhooks of a repository, from its page on. */
const PAGES: Partial<Record<HostKind, string>> = {
  github: 'settings/hooks',
  gitlab: '-/hooks',
  bitbucket: 'admin/webhooks',
  gitea: 'settings/hooks',
};

/** What is left to a person. The value itself is not shown: terminals are kept, and shared. */
function steps(host: HostWebhooks, names: readonly string[]): string[] {
  const { kind, access, webhookSecretId } = host;
  const page = (name: string) => `  ${addressOf(host)}/${name}/${PAGES[kind] ?? ''}`;
  const where =
    access === 'app' ? ['  the page of the GitHub App: General, Webhook secret'] : names.map(page);
  return [
    'This prints the new value:',
    `  aws secretsmanager get-secret-value --query SecretString --output text --secret-id ${webhookSecretId}`,
    'Enter it as the secret of the webhook at:',
    ...(where.length === 0 ? ['  each repository that sends its events here'] : where),
  ];
}

function underWay(kind: HostKind, until: Date): FairleadError {
  return new FairleadError({
    code: 'webhook-secret/under-way',
    operation: `rotating what ${HOST_NAMES[kind]} signs with`,
    cause: `the last rotation is not over: the value from before it is taken until ${moment(until)}, and would be refused`,
    remedy: `see that every webhook has the new one, then: npx fairlead rotate-webhook-secret ${kind} --finish; or --force`,
  });
}

function moment(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
