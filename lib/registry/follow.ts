import type { Received } from './answer.ts';
import { type Asked, nonsense, unreachable } from './faults.ts';
import { type InsecureHosts, isExposed } from './host.ts';
import type { Sender } from './send.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 5;

export interface Request extends Asked {
  headers: Record<string, string>;
  body?: AsyncIterable<Uint8Array> | Uint8Array;
  signal?: AbortSignal;
}

/**
 * Sends a request and follows its redirects, which only GET and HEAD may have. Another origin never sees the
 * `Authorization` header, and a redirect cannot move a request from HTTPS to where plain HTTP was not allowed.
 */
export async function follow(request: Request, insecure: InsecureHosts, sender: Sender): Promise<Received> {
  let { url } = request;
  const headers: Record<string, string> = { 'accept-encoding': 'identity', ...request.headers };
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const asked = { ...request, url };
    const response = await send(asked, headers, sender);
    const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
    if (location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, url.href);
    checkRedirect(asked, next, insecure);
    if (next.origin !== url.origin) delete headers.authorization;
    url = next;
  }
  throw nonsense(request, 'registry/too-many-redirects', `it redirects more than ${MOST_REDIRECTS} times`);
}

function checkRedirect(asked: Asked, next: URL | null, insecure: InsecureHosts): asserts next is URL {
  if (next === null || !/^https?:$/.test(next.protocol)) {
    throw nonsense(asked, 'registry/bad-redirect', 'it redirects to what is no web address');
  }
  if (asked.method !== 'GET' && asked.method !== 'HEAD') {
    throw nonsense(asked, 'registry/bad-redirect', `it redirects a ${asked.method} to ${next.host}`);
  }
  if (isExposed(next, insecure)) {
    const remedy = `list ${next.host} as an insecure registry if that is meant`;
    throw nonsense(asked, 'registry/bad-redirect', `it redirects to ${next.host} over plain HTTP`, remedy);
  }
}

async function send(request: Request, headers: Record<string, string>, sender: Sender): Promise<Received> {
  try {
    return await sender.send(request, headers);
  } catch (thrown) {
    throw unreachable(request, thrown);
  }
}
