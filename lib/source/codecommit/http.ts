import { setTimeout as sleep } from 'node:timers/promises';
import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git';
import { FairleadError, messageOf } from '../../errors.ts';
import { tooLarge } from '../unpack.ts';

const ATTEMPTS = 4;
/** ms until the answer begins; a pack takes as long as it takes. */
const TIMEOUT = 30_000;

/**
 * How isomorphic-git asks: by fetch, again after what may pass, and with errors that say what to do. No redirect is
 * followed: CodeCommit has none, and what is sent holds a password.
 * @param most bytes of one answer
 */
export function gitHttp(operation: string, most: number): HttpClient {
  const request = async ({ url, method = 'GET', headers = {}, body }: GitHttpRequest) => {
    const bytes = body === undefined ? undefined : await collect(body);
    const place = url.split('?')[0] ?? url;
    for (let attempt = 1; ; attempt++) {
      const outcome = await attemptOnce(url, { method, headers, ...(bytes && { body: bytes }) });
      if (outcome instanceof Response && outcome.ok) return read(outcome, method, operation, most);
      const fault = await faultOf(outcome, operation, place);
      if (!fault.temporary || attempt >= ATTEMPTS) throw fault;
      await sleep(250 * 2 ** attempt * (0.5 + Math.random() / 2));
    }
  };
  return { request };
}

async function attemptOnce(url: string, init: RequestInit): Promise<Response | Error> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error(`no answer within ${TIMEOUT / 1000} s`)), TIMEOUT);
  try {
    return await fetch(url, { ...init, redirect: 'manual', signal: limit.signal });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}

function read(response: Response, method: string, operation: string, most: number): GitHttpResponse {
  const { url, status: statusCode, statusText: statusMessage, headers } = response;
  const body = limited(response, operation, most);
  return { url, method, statusCode, statusMessage, headers: Object.fromEntries(headers), body };
}

async function* limited(response: Response, operation: string, most: number) {
  let seen = 0;
  try {
    for await (const chunk of response.body ?? []) {
      seen += chunk.length;
      if (seen > most) throw tooLarge(operation, `more than ${Math.round(most / 1024 ** 2)} MiB`);
      yield chunk as Uint8Array;
    }
  } catch (error) {
    if (error instanceof FairleadError) throw error;
    throw unreachable(operation, undefined, error);
  }
}

async function faultOf(outcome: Response | Error, operation: string, place: string): Promise<FairleadError> {
  if (outcome instanceof Error) return unreachable(operation, place, outcome);
  await outcome.body?.cancel();
  const { status } = outcome;
  if (status === 401 || status === 403 || status === 404)
    return new FairleadError({
      code: 'source/refused',
      operation,
      place,
      cause: `CodeCommit answered ${status}`,
      remedy:
        'is the repository there, in this region, and named in fairlead.config.ts? Its right is GitPull',
    });
  const temporary = status >= 500 || status === 429;
  const code = temporary ? 'source/unreachable' : 'source/refused';
  return new FairleadError({ code, operation, place, cause: `CodeCommit answered ${status}`, temporary });
}

function unreachable(operation: string, place: string | undefined, error: unknown): FairleadError {
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new FairleadError(
    {
      code: 'source/unreachable',
      operation,
      ...(place === undefined ? {} : { place }),
      cause: messageOf(inner),
      temporary: true,
    },
    { cause: error },
  );
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Buffer<ArrayBuffer>> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}
