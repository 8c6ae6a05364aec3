import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { AwsError } from './error.ts';
import type { Answer } from './types.ts';

/**
 * Sends one request, over a connection that is kept for the next one, and waits `ms` for the whole of its answer.
 * Node's own HTTP in place of `fetch`, which takes longer to load than all that is imported here.
 * @throws AwsError without a status, where nothing answers
 */
export async function send(
  url: URL,
  { method, headers, body }: { method: string; headers: Record<string, string>; body: string | undefined },
  ms: number,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const start = url.protocol === 'http:' ? httpRequest : httpsRequest;
  const sent = start(url, { method, headers, signal: AbortSignal.timeout(ms) }, (response) => {
    const told = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
    text(response).then(
      (read) => resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(told), body: read }),
      reject,
    );
  });
  sent.on('error', reject).end(body);
  return await promise.catch((error: NodeJS.ErrnoException) => {
    throw unreachable(url, error, ms);
  });
}

function unreachable({ host }: URL, error: NodeJS.ErrnoException, ms: number): AwsError {
  if (error.name === 'AbortError')
    return new AwsError('TimeoutError', `${host} did not answer within ${ms} ms`, undefined, {
      cause: error,
    });
  return new AwsError(error.code ?? error.name, `${host}: ${error.message}`, undefined, { cause: error });
}
