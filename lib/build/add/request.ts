import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as overHttp,
} from 'node:http';
import { request as overHttps } from 'node:https';
import { FairleadError, messageOf } from '../../errors.ts';
import { checkUrl, guardedLookup, type NetworkPolicy } from '../../network/policy.ts';

/** A request for something that ADD names. */
export interface Asking {
  url: URL;
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  /** Given to the host of `url` alone. */
  authorization?: string | undefined;
  body?: Uint8Array;
  network: NetworkPolicy;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: IncomingMessage;
}

/** As Go's client. */
const MOST_REDIRECTS = 10;

/** Without a byte for this long, nobody is there any more. */
const IDLE_MS = 60_000;

/**
 * Sends a request and follows redirects, each of them under the network policy. Throws FairleadError `build/download`
 * for no answer, for one that is an error (temporary, when asking again may help) and for too many redirects;
 * `network/refused`.
 */
export async function ask(asking: Asking): Promise<Answer> {
  let { url, method = 'GET', body } = asking;
  const own: Record<string, string> =
    asking.authorization === undefined ? {} : { authorization: asking.authorization };
  let headers: Record<string, string> = { ...asking.headers, ...credentialsOf(url), ...own };
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await send({ ...asking, url, method, headers, ...(body === undefined ? {} : { body }) });
    const { status } = answer;
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return judged(answer, url);
    answer.body.destroy();
    const next = URL.parse(location, url.href);
    if (next === null || !/^https?:$/.test(next.protocol))
      throw failed(url, `it leads to ${location}`, false);
    if (!mayKnow(next, url)) headers = withoutCredentials(headers);
    headers = { ...headers, ...credentialsOf(next) };
    if (method === 'POST' && ![307, 308].includes(status)) {
      method = 'GET';
      body = undefined;
    }
    url = next;
  }
  throw failed(asking.url, `it leads on and on: more than ${MOST_REDIRECTS} redirects`, false);
}

/** A URL as errors and records may tell it: without credentials, nor what may be signed. */
export function shown(url: URL): string {
  const { protocol, host, pathname } = url;
  return `${protocol}//${host}${pathname}`;
}

/** A download that failed. */
export function failed(url: URL, cause: string, temporary: boolean, original?: unknown): FairleadError {
  const fault = { code: 'build/download', operation: `downloading ${shown(url)}`, cause, temporary };
  return new FairleadError(fault, { cause: original });
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

/** Whether what is for `url` is for `next` as well: the same host, and not in the clear where it was not before. */
export function mayKnow(next: URL, url: URL): boolean {
  return next.host === url.host && (next.protocol === url.protocol || next.protocol === 'https:');
}

function withoutCredentials({
  authorization: _,
  ...headers
}: Record<string, string>): Record<string, string> {
  return headers;
}

function judged(answer: Answer, url: URL): Answer {
  const { status, body } = answer;
  if ((status >= 200 && status < 300) || status === 304) return answer;
  body.destroy();
  const temporary = status === 408 || status === 429 || status >= 500;
  throw failed(url, `it answers ${status} ${body.statusMessage ?? ''}`.trimEnd(), temporary);
}

function send({ url, method = 'GET', headers, body, network, signal }: Asking): Promise<Answer> {
  checkUrl(url, network);
  const lookup = guardedLookup(network);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = {
    method,
    // A connection that was made without the guard is not to be used again.
    agent: false,
    headers: {
      'user-agent': 'fairlead',
      accept: '*/*',
      'accept-encoding': 'identity',
      ...headers,
      ...(body === undefined ? {} : { 'content-length': body.length }),
    },
    ...(lookup === undefined ? {} : { lookup }),
    ...(signal === undefined ? {} : { signal }),
  } as const;
  const address = new URL(url);
  address.username = '';
  address.password = '';
  const sent: ClientRequest = (url.protocol === 'https:' ? overHttps : overHttp)(
    address,
    options,
    (message) => {
      message.setTimeout(IDLE_MS, () => message.destroy(failed(url, 'it went silent', true)));
      resolve({ status: message.statusCode ?? 0, headers: message.headers, body: message });
    },
  );
  sent.setTimeout(IDLE_MS, () => sent.destroy(failed(url, 'it does not answer', true)));
  sent.once('error', (error: Error) => {
    if (error instanceof FairleadError || signal?.aborted) reject(error);
    else reject(failed(url, messageOf(error) || String((error as NodeJS.ErrnoException).code), true, error));
  });
  sent.end(body);
  return promise;
}
