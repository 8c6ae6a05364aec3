import type { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { closeAll } from './close-all.ts';
import { BITBUCKET } from './git/dialects/bitbucket.ts';
import type { Dialect } from './git/dialects/dialect.ts';
import { GITEA } from './git/dialects/gitea.ts';
import { GITHUB } from './git/dialects/github.ts';
import { GITLAB } from './git/dialects/gitlab.ts';
import { type GitHost, startGit } from './git/server.ts';

/** Every kind of git host that can be pushed to here; `github` is the one that people are told of. */
const DIALECTS = {
  github: GITHUB,
  gitea: GITEA,
  gitlab: GITLAB,
  bitbucket: BITBUCKET,
} satisfies Record<string, Dialect>;

type Kind = keyof typeof DIALECTS;
const KINDS = Object.keys(DIALECTS) as Kind[];

/** The git hosts of a cloud, each with repositories and secrets of its own; what is said of them is by their kind. */
export interface GitHosts {
  /** `http://…`: a repository is `<url>/<app>.git`. */
  urls: Record<Kind, string>;
  apiUrls: Record<Kind, string>;
  /** Secrets Manager ids of what they sign webhooks with, and of tokens for their APIs; and what is in all of them. */
  webhookSecretIds: Record<Kind, string>;
  tokenSecretIds: Record<Kind, string>;
  secrets: Record<string, string>;
  close(): Promise<void>;
}

export interface GitHostsOptions {
  stateDir: string;
  /** Of `github`; the others listen wherever there is room. */
  port?: number | undefined;
  /** Where webhooks are sent. */
  webhook: () => string;
  records: EventEmitter;
  /** Makes up a secret. */
  random: () => string;
}

export async function startGitHosts(options: GitHostsOptions): Promise<GitHosts> {
  const { stateDir, port, webhook, records, random } = options;
  const hosts = new Map<Kind, GitHost>();
  const close = () => closeAll([...hosts.values()].map((host) => () => host.close()));
  const webhookSecretIds = byKind((kind) => named('fairlead/webhook', kind));
  const tokenSecretIds = byKind((kind) => named('fairlead/host-token', kind));
  const ids = [...Object.values(webhookSecretIds), ...Object.values(tokenSecretIds)];
  const secrets = Object.fromEntries(ids.map((id) => [id, random()]));
  try {
    for (const kind of KINDS) {
      const host = await startGit({
        stateDir: join(stateDir, named('git', kind)),
        dialect: DIALECTS[kind],
        ...(kind === 'github' && port !== undefined && { port }),
        webhook: { url: webhook, secret: secrets[webhookSecretIds[kind]] ?? '' },
        records,
      });
      hosts.set(kind, host);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const urls = byKind((kind) => hosts.get(kind)?.url ?? '');
  const apiUrls = byKind((kind) => hosts.get(kind)?.apiUrl ?? '');
  return { urls, apiUrls, webhookSecretIds, tokenSecretIds, secrets, close };
}

function named(what: string, kind: Kind): string {
  return kind === 'github' ? what : `${what}-${kind}`;
}

function byKind<T>(value: (kind: Kind) => T): Record<Kind, T> {
  return Object.fromEntries(KINDS.map((kind) => [kind, value(kind)])) as Record<Kind, T>;
}
