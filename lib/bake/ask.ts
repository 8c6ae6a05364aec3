import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { HttpCheck } from '../release/types.ts';
import type { CheckLook } from './types.ts';

/** ms until a connection is there, and until the answer is read. */
const CONNECT = 2_000;
const ANSWER = 5_000;
/** Bytes of a body that are read. */
const LARGEST = 256 * 1024;
const REDIRECTS = 5;

/** One GET of `check.path` at `base`, over a connection of its own. Redirects are followed on the same host only. */
export async function ask(base: string, check: HttpCheck): Promise<CheckLook> {
  const url = urlOf(base, check.path);
  if (url === undefined)
    return { path: check.path, result: 'unreachable', message: `${check.path} is no path` };
  let next = url;
  for (let redirects = 0; ; redirects++) {
    const answer = await get(next, check.contains !== undefined);
    if (answer.is !== 'answered') return { path: check.path, result: answer.is, message: answer.why };
    const to = answer.location === undefined ? undefined : resolve(answer.location, next);
    if (to === undefined || to.host !== url.host || redirects === REDIRECTS)
      return { path: check.path, ...judged(check, answer) };
    next = to;
  }
}

type Answer =
  | { is: 'answered'; status: number; body: string; location?: string }
  /** A connection came about, and no answer. */
  | { is: 'bad'; why: string }
  | { is: 'unreachable'; why: string };

function judged(
  { status: [lowest, highest], contains }: HttpCheck,
  { status, body }: Answer & { is: 'answered' },
) {
  const wanted = lowest === highest ? `${lowest}` : `${lowest} to ${highest}`;
  if (status < lowest || status > highest)
    return { result: 'bad', message: `answers ${status}, and has to answer ${wanted}` } as const;
  if (contains !== undefined && !body.includes(contains))
    return {
      result: 'bad',
      message: `answers ${status} without the words ${JSON.stringify(contains.slice(0, 80))}`,
    } as const;
  return { result: 'good', message: `answers ${status}` } as const;
}

/** A path must not lead to another host: `//elsewhere/` is no path of ours. */
function urlOf(base: string, path: string): URL | undefined {
  const own = new URL(base);
  const url = URL.parse(`${own.origin}${path}`);
  return path.startsWith('/') && url?.origin === own.origin ? url : undefined;
}

function resolve(location: string, from: URL): URL | undefined {
  const url = URL.parse(location, from.href);
  return url !== null && /^https?:$/.test(url.protocol) ? url : undefined;
}

function get(url: URL, withBody: boolean): Promise<Answer> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const { promise, resolve } = Promise.withResolvers<Answer>();
  let connected = false;
  const headers = { 'user-agent': 'fairlead', accept: '*/*', connection: 'close' };
  // An agent would keep the connection to a pod that is going.
  const sent = send(url, { headers, agent: false, signal: AbortSignal.timeout(CONNECT + ANSWER) });
  const late = setTimeout(() => sent.destroy(new Error(`no connection within ${CONNECT / 1000} s`)), CONNECT);
  sent.on('socket', (socket) => {
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      connected = true;
      clearTimeout(late);
    });
  });
  sent.on('response', (response) => {
    read(response, withBody).then(resolve, (error: Error) => resolve(broken(true, error)));
  });
  sent.on('error', (error) => resolve(broken(connected, error)));
  sent.end();
  return promise.finally(() => {
    clearTimeout(late);
    sent.destroy();
  });
}

async function read(response: IncomingMessage, withBody: boolean): Promise<Answer> {
  const { statusCode: status = 0, headers } = response;
  const redirects = status >= 300 && status < 400 && headers.location !== undefined;
  const parts: Buffer[] = [];
  if (withBody && !redirects)
    for await (const part of response) {
      parts.push(part as Buffer);
      if (parts.reduce((sum, { length }) => sum + length, 0) >= LARGEST) break;
    }
  const body = Buffer.concat(parts).subarray(0, LARGEST).toString();
  return { is: 'answered', status, body, ...(redirects && { location: headers.location }) };
}

function broken(connected: boolean, error: Error & { code?: string }): Answer {
  if (!connected) return { is: 'unreachable', why: `cannot be reached (${error.code ?? error.message})` };
  const isLate = error.name === 'TimeoutError' || error.code === 'ABORT_ERR';
  return isLate
    ? { is: 'bad', why: `does not answer within ${ANSWER / 1000} s` }
    : { is: 'bad', why: `breaks the connection off (${error.code ?? error.message})` };
}
