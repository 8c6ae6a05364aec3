import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import * as z from 'zod/mini';
import { FairleadError } from '../../errors.ts';
import { nameOf, refused } from '../ask.ts';
import { type Api, type ApiRequest, request } from '../request.ts';
import type { Repository } from '../types.ts';
import { DIALECT, pathOf } from './api.ts';
import { currentName } from './branches.ts';

export interface GitHubAppOptions {
  /** As {@link Api} has it. */
  baseUrl: string;
  /** The secret's value, read anew each time; absent or `{}` while nobody has filled it in. */
  secret: () => Promise<string | undefined>;
  /** ms since the epoch */
  now?: () => number;
}

const secretValue = z.object({
  appId: z.pipe(
    z.union([z.string().check(z.minLength(1)), z.int()]),
    z.transform((id: string | number) => String(id)),
  ),
  /** One for all repositories; that of each is asked for when it is left out. */
  installationId: z.optional(
    z.pipe(
      z.union([z.string(), z.int()]),
      z.transform((id: string | number) => String(id)),
    ),
  ),
  /** PEM, as GitHub gave it for download. */
  privateKey: z.string().check(z.minLength(1)),
});

const installation = z.object({ id: z.int() });
const accessToken = z.object({ token: z.string(), expires_at: z.string() });

interface Kept {
  token: Promise<string>;
  /** ms since the epoch; when another one is asked for. */
  until: number;
}

/** ms before its end at which a token counts as over: what was begun with it has time to end. */
const SPARE = 5 * 60_000;
/** Seconds: clocks differ, and GitHub takes no more than ten minutes. */
const [EARLIER, LATER] = [60, 540];

/**
 * Speaks for a GitHub App: gets, for each repository, a token that is good for that one alone, for an hour, and keeps it
 * until shortly before its end (docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App", "Generating an
 * installation access token for a GitHub App").
 */
export class GitHubApp {
  readonly #options: GitHubAppOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: GitHubAppOptions) {
    this.#options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, '') };
  }

  /**
   * @throws FairleadError `source/app-not-set-up` while the secret does not hold what it should, `source/app-not-installed`,
   * `source/refused`, and what {@link request} throws
   */
  async token(repository: Repository): Promise<string> {
    const name = nameOf(repository).toLowerCase();
    const kept = this.#kept.get(name);
    if (kept !== undefined && this.#now() < kept.until) return await kept.token;
    const asking: Kept = { token: Promise.resolve(''), until: Number.POSITIVE_INFINITY };
    asking.token = this.#ask(repository).then(({ token, expires_at }) => {
      asking.until = Date.parse(expires_at) - SPARE;
      return token;
    });
    this.#kept.set(name, asking);
    // What failed is not kept.
    asking.token.catch(() => {
      if (this.#kept.get(name) === asking) this.#kept.delete(name);
    });
    return await asking.token;
  }

  /** That the host took the token no more: it may have been revoked, or the App's rights may be others now. */
  forget(repository: Repository): void {
    this.#kept.delete(nameOf(repository).toLowerCase());
  }

  async #ask(repository: Repository) {
    const { appId, installationId, privateKey } = readSecret(await this.#options.secret());
    const operation = `getting a token of the GitHub App ${appId} for ${nameOf(repository)}`;
    const key = readKey(privateKey, operation);
    const jwt = signed(appId, key, this.#now());
    const api: Api = { baseUrl: this.#options.baseUrl, dialect: DIALECT, token: async () => jwt };
    const made = async (of: Repository, only: 'this repository' | 'names') => {
      const id = installationId ?? (await installationOf(api, of, operation));
      const path = `/app/installations/${encodeURIComponent(id)}/access_tokens`;
      const body = only === 'names' ? { permissions: { metadata: 'read' } } : { repositories: [of.name] };
      return await answered(api, { method: 'POST', path, operation, body }, of, accessToken);
    };
    try {
      return await made(repository, 'this repository');
    } catch (error) {
      if (!isNamed(error, 'source/app-not-installed')) throw error;
      // Tokens are made for the name that a repository has today; to other requests, GitHub leads from an old one to that.
      const { token } = await made(repository, 'names');
      const renamed = await newNameOf({ ...api, token: async () => token }, repository);
      if (renamed === undefined) throw error;
      return await made(renamed, 'this repository');
    }
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** What a repository is called today; undefined where that is no other name, or nobody tells. */
async function newNameOf(api: Api, repository: Repository): Promise<Repository | undefined> {
  const told = await currentName(api, repository);
  if (told.is === 'absent' || told.value.toLowerCase() === nameOf(repository).toLowerCase()) return undefined;
  const [owner = '', name = ''] = told.value.split('/');
  return { owner, name };
}

function isNamed(error: unknown, code: string): boolean {
  return error instanceof FairleadError && error.code === code;
}

async function installationOf(api: Api, repository: Repository, operation: string): Promise<string> {
  const asked = { path: `${pathOf(repository)}/installation`, operation };
  return String((await answered(api, asked, repository, installation)).id);
}

async function answered<T extends z.ZodMiniType>(
  api: Api,
  asked: ApiRequest,
  repository: Repository,
  schema: T,
): Promise<z.output<T>> {
  const response = await request(api, asked);
  // 422 where the installation is there, and has been given other repositories.
  if (response.status === 404 || response.status === 422) {
    await response.body?.cancel();
    throw new FairleadError({
      code: 'source/app-not-installed',
      operation: asked.operation,
      cause: `the GitHub App is not installed on ${nameOf(repository)}`,
      remedy: 'install it there: on the App’s page, Install App, and choose the repository',
    });
  }
  if (response.status === 401) {
    await response.body?.cancel();
    throw notSetUp(
      asked.operation,
      'GitHub does not take the App’s key',
      'are the id and the key of one App? (docs/triggers.md)',
    );
  }
  if (!response.ok) throw await refused(response, api, asked);
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new FairleadError({
    code: 'source/refused',
    operation: asked.operation,
    place: `${api.baseUrl}${asked.path}`,
    cause: 'the answer is not what GitHub says',
    remedy: 'check the base URL of the git host’s API',
  });
}

function readSecret(text: string | undefined): z.output<typeof secretValue> {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '{}');
  } catch {
    value = undefined;
  }
  const parsed = secretValue.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const empty = text === undefined || text.trim() === '' || text.trim() === '{}';
  const field = issue?.path.join('.');
  throw notSetUp(
    'reading what the GitHub App signs with',
    empty
      ? 'its secret is not filled in yet'
      : `its secret is not as it should be${field ? `: ${field}` : ''}`,
    'put {"appId": "…", "privateKey": "-----BEGIN RSA PRIVATE KEY-----\\n…"} into it, as docs/triggers.md says',
  );
}

function readKey(pem: string, operation: string): KeyObject {
  try {
    // Some forms make the line ends of a file two letters.
    return createPrivateKey(pem.replaceAll('\\n', '\n'));
  } catch {
    // What Node says may repeat parts of the key.
    throw notSetUp(
      operation,
      'privateKey is no key in PEM',
      'put the file there that GitHub gave for download (docs/triggers.md)',
    );
  }
}

function notSetUp(operation: string, cause: string, remedy: string): FairleadError {
  return new FairleadError({ code: 'source/app-not-set-up', operation, cause, remedy });
}

/** RFC 7519 and RFC 7515, section 3.1, with RS256. */
function signed(appId: string, key: KeyObject, now: number): string {
  const at = Math.floor(now / 1000);
  const parts = [
    { alg: 'RS256', typ: 'JWT' },
    { iat: at - EARLIER, exp: at + LATER, iss: appId },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}
