import { setTimeout as sleep } from 'node:timers/promises';
import { FairleadError, messageOf } from '../errors.ts';
import type { Access } from './forge.ts';
import type { Repository } from './types.ts';

/** How requests to a git host's API are made. */
export interface Api {
  /** `https://api.github.com`; without a slash at the end. */
  baseUrl: string;
  /** Read at each request, so that a rotated token is taken up. */
  token?: () => Promise<string | undefined>;
  /** That the token was not taken (401): asked for again, it is another one if there is one. */
  renew?: () => void;
  dialect: Dialect;
}

/** What one kind of git host wants of every request. */
export interface Dialect {
  /** For people: `GitHub`. */
  host: string;
  headers: Readonly<Record<string, string>>;
  /** The headers that carry the token; they go to the API's own origin only. */
  authorize(token: string): Record<string, string>;
}

/** The API as it is reached for one repository. */
export function apiOf({ apiUrl, token, renew }: Access, dialect: Dialect, repository: Repository): Api {
  const baseUrl = apiUrl.replace(/\/+$/, '');
  return {
    ...{ baseUrl, dialect },
    ...(token && { token: () => token(repository) }),
    ...(renew && { renew: () => renew(repository) }),
  };
}

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the base URL, starting with `/`. */
  path: string;
  body?: unknown;
  /** What is being done, for errors: `reading the head of main of local/web`. */
  operation: string;
  /** Tries in all; ATTEMPTS when it is left out. */
  attempts?: number;
}

const ATTEMPTS = 4;
/** Of a request to set a status: nothing hangs on it, and its caller's time is limited. */
export const STATUS_ATTEMPTS = 2;
const TIMEOUT = 30_000;
/** ms; what a host asks to wait beyond this is left to whoever called. */
const LONGEST_WAIT = 10_000;
const REDIRECTS = 5;

/** The most ms that a request of so many tries takes: whoever sends one needs as much time. */
export function longest(attempts = ATTEMPTS): number {
  return attempts * TIMEOUT + (attempts - 1) * LONGEST_WAIT;
}

/**
 * Sends one request, again after a temporary fault (connection, 429, 5xx, GitHub's rate limits), once more where another
 * token may be taken, and follows redirects. The token goes to the API's own origin only. The body of the answer is not read; statuses below 500
 * other than rate limits are the caller's to judge.
 * @throws FairleadError `source/unreachable` and `source/rate-limited`, both temporary, `source/bad-redirect`, and
 * `source/bad-token`
 */
export async function request(api: Api, asked: ApiRequest): Promise<Response> {
  const response = await persist(api, asked);
  if (response.status !== 401 || api.renew === undefined) return response;
  await response.body?.cancel();
  api.renew();
  return await persist(api, asked);
}

async function persist(api: Api, asked: ApiRequest): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(api, asked);
    if (outcome instanceof Response) return outcome;
    const wait = outcome.retryAfter ?? 250 * 2 ** attempt * (0.5 + Math.random() / 2);
    if (attempt >= (asked.attempts ?? ATTEMPTS) || wait > LONGEST_WAIT) throw outcome.fault;
    await sleep(wait);
  }
}

/** A fault that may pass, and when to try again, in ms, where the host said so. */
interface Passing {
  fault: FairleadError;
  retryAfter?: number;
}

async function attemptOnce(api: Api, asked: ApiRequest): Promise<Response | Passing> {
  const place = `${api.baseUrl}${asked.path}`;
  try {
    const response = await follow(api, asked);
    const limited = rateLimit(response);
    if (!limited && response.status < 500) return response;
    await response.body?.cancel();
    const retryAfter = limited ? limited.wait : seconds(response.headers.get('retry-after'));
    const fault = new FairleadError({
      code: limited ? 'source/rate-limited' : 'source/unreachable',
      operation: asked.operation,
      place,
      cause: limited
        ? 'the git host refuses more requests for now'
        : `the git host answered ${response.status}`,
      ...(limited ? { remedy: 'configure a token for it, or wait' } : {}),
      temporary: true,
    });
    return { fault, ...(retryAfter === undefined ? {} : { retryAfter }) };
  } catch (error) {
    if (error instanceof FairleadError) throw error;
    const cause =
      error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    const what = { code: 'source/unreachable', operation: asked.operation, place, cause, temporary: true };
    return { fault: new FairleadError(what, { cause: error }) };
  }
}

/** Follows redirects by hand: fetch would not tell the next host apart before it sends. */
async function follow(api: Api, { method = 'GET', path, body, operation }: ApiRequest): Promise<Response> {
  const token = checked(await api.token?.(), api, operation);
  const home = new URL(api.baseUrl);
  let url = new URL(`${api.baseUrl}${path}`);
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const headers: Record<string, string> = {
      ...api.dialect.headers,
      'user-agent': 'fairlead',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token && url.origin === home.origin ? api.dialect.authorize(token) : {}),
    };
    const init = {
      method,
      headers,
      redirect: 'manual' as const,
      body: body === undefined ? null : JSON.stringify(body),
    };
    const response = await inTime(url, init);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    url = redirected(url, location, operation);
    // The secret of a webhook may be in what is written.
    if (body !== undefined && url.origin !== home.origin)
      throw badRedirect(operation, url, 'the git host redirects what is written to another host');
  }
  throw badRedirect(operation, url, `more than ${REDIRECTS} redirects`);
}

/**
 * What cannot be sent is refused here: fetch would repeat it in what it throws. JSON is what the console of Secrets
 * Manager makes of a key and a value, and no host's token.
 */
function checked(
  token: string | undefined,
  { dialect: { host } }: Api,
  operation: string,
): string | undefined {
  if (!token || /^[^\s{][\x21-\x7e]*$/.test(token)) return token;
  const cause = token.startsWith('{')
    ? `the token for ${host} is JSON`
    : `the token for ${host} has blanks, line ends or other letters in it that no token has`;
  const remedy = 'put the token alone into its secret, as plain text (docs/triggers.md)';
  throw new FairleadError({ code: 'source/bad-token', operation, cause, remedy });
}

/** The limit is for the answer's head; an archive's body takes as long as it takes. */
async function inTime(url: URL, init: RequestInit): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error(`no answer within ${TIMEOUT / 1000} s`)), TIMEOUT);
  try {
    return await fetch(url, { ...init, signal: limit.signal });
  } finally {
    clearTimeout(timer);
  }
}

function redirected(from: URL, location: string, operation: string): URL {
  const next = URL.parse(location, from.href);
  if (next === null) throw badRedirect(operation, from, 'the git host redirects to something that is no URL');
  const downgrade = from.protocol === 'https:' && next.protocol !== 'https:';
  if (downgrade || !/^https?:$/.test(next.protocol)) {
    throw badRedirect(operation, from, `the git host redirects to ${next.protocol}//${next.host}`);
  }
  return next;
}

function badRedirect(operation: string, url: URL, cause: string): FairleadError {
  // Without the query: GitHub's archive redirects carry a token in it.
  const place = `${url.origin}${url.pathname}`;
  return new FairleadError({ code: 'source/bad-redirect', operation, place, cause });
}

/**
 * 429 everywhere, on GitHub also 403, with one of two headers (GitHub REST API, "Rate limits", "Exceeding the rate limit";
 * GitLab, "Rate limits on requests", "Response headers").
 */
function rateLimit({ status, headers }: Response): { wait: number | undefined } | undefined {
  const after = seconds(headers.get('retry-after'));
  if (status !== 429 && status !== 403) return undefined;
  if (after !== undefined) return { wait: after };
  const prefix = headers.has('x-ratelimit-remaining') ? 'x-ratelimit' : 'ratelimit';
  if (headers.get(`${prefix}-remaining`) !== '0') return status === 429 ? { wait: undefined } : undefined;
  const reset = Number(headers.get(`${prefix}-reset`));
  return { wait: Math.max(1000, reset * 1000 - Date.now()) };
}

/** RFC 9110, section 10.2.3: seconds, or a date; here in ms from now. */
function seconds(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined;
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
