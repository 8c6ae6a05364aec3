import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as overHttp } from 'node:http';
import { Agent as HttpsAgent, request as overHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkUrl, guardedLookup, type NetworkPolicy } from '../network/policy.ts';
import type { Received } from './answer.ts';
import type { Request } from './follow.ts';

/** How long is waited, in milliseconds. */
export interface Waits {
  /** For a connection to come about. */
  connect: number;
  /** While nothing moves in either direction. */
  stalled: number;
}

const WAITS: Waits = { connect: 10_000, stalled: 60_000 };

/**
 * Sends requests over connections that are kept and used again, under a network policy. Not by `fetch`, which has a list
 * of ports that it does not go to, knows nothing of policies, and copies what it sends.
 */
export class Sender {
  readonly #policy: NetworkPolicy;
  readonly #lookup: LookupFunction | undefined;
  // Connections that were made under another policy are not used again.
  readonly #http = new HttpAgent({ keepAlive: true });
  // Made when it is needed: TLS takes a while to load.
  #https: HttpsAgent | undefined;
  readonly #waits: Waits;

  constructor(policy: NetworkPolicy = { refuse: 'nothing' }, waits = WAITS) {
    this.#policy = policy;
    this.#waits = waits;
    this.#lookup = guardedLookup(policy);
  }

  /** Sends a request once, without following redirects. Rejects with what the connection or the signal says. */
  async send(request: Omit<Request, 'operation'>, headers: Record<string, string>): Promise<Received> {
    checkUrl(request.url, this.#policy);
    request.signal?.throwIfAborted();
    const { message, isStale } = await this.#once(request, headers);
    // The registry had closed the connection meanwhile; it has seen nothing of the request.
    const answer = isStale ? (await this.#once(request, headers)).message : message;
    return answerOf(answer as IncomingMessage, request);
  }

  #httpsAgent(): HttpsAgent {
    this.#https ??= new HttpsAgent({ keepAlive: true });
    return this.#https;
  }

  #once(
    { method, url, body, signal }: Omit<Request, 'operation'>,
    headers: Record<string, string>,
  ): Promise<{ message?: IncomingMessage; isStale: boolean }> {
    const { promise, resolve, reject } = Promise.withResolvers<{
      message?: IncomingMessage;
      isStale: boolean;
    }>();
    const isSecure = url.protocol === 'https:';
    const common = { method, headers, ...(signal && { signal }) };
    const lookup = this.#lookup === undefined ? {} : { lookup: this.#lookup };
    const sent = isSecure
      ? overHttps(url, { ...common, ...lookup, agent: this.#httpsAgent() })
      : overHttp(url, { ...common, ...lookup, agent: this.#http });
    limitWaits(sent, this.#waits);
    sent.once('response', (message) => resolve({ message, isStale: false }));
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (signal?.aborted) reject(signal.reason);
      else if (sent.reusedSocket && body === undefined && error.code === 'ECONNRESET')
        resolve({ isStale: true });
      else reject(error);
    });
    if (body === undefined) sent.end();
    else if (body instanceof Uint8Array) sent.end(body);
    else pipeline(Readable.from(body, { objectMode: false }), sent).catch(reject);
    return promise;
  }
}

function limitWaits(sent: ClientRequest, { connect, stalled }: Waits): void {
  sent.setTimeout(stalled, () => sent.destroy(new Error('the transfer stalled')));
  sent.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(
      () => sent.destroy(new Error(`no connection in ${connect / 1000} s`)),
      connect,
    ).unref();
    socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  });
}

function answerOf(
  message: IncomingMessage,
  { method, signal }: Pick<Request, 'method' | 'signal'>,
): Received {
  const status = message.statusCode ?? 0;
  if (status < 200 || status > 599) {
    message.destroy();
    throw new Error(`it answered with the status ${status}`);
  }
  const isEmpty = method === 'HEAD' || [204, 205, 304].includes(status);
  // Its connection is free again, and holds the process no longer, when it was read.
  if (isEmpty) message.resume();
  return {
    status,
    ok: status < 300,
    headers: { get: (name) => message.headers[name.toLowerCase()]?.toString() ?? null },
    body: isEmpty ? null : bodyOf(message, signal),
  };
}

/** The answer's bytes. Whoever wants no more of them, or none, ends the connection. */
function bodyOf(message: IncomingMessage, signal: AbortSignal | undefined): Received['body'] {
  const bytes = message[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const cancel = async () => {
    message.destroy();
  };
  return {
    cancel,
    [Symbol.asyncIterator]: () => ({
      next: () =>
        bytes.next().catch((error: unknown) => {
          throw signal?.aborted ? signal.reason : error;
        }),
      return: async () => {
        await cancel();
        return { done: true, value: undefined };
      },
    }),
  };
}
