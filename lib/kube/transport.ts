import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';

/** One request as it goes over the wire. */
export interface Exchange {
  method: string;
  /** Path and query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  /** Milliseconds without a byte before the connection counts as dead. */
  idleTimeout: number;
  signal?: AbortSignal;
}

/** HTTPS with connections that are kept from request to request, and over a function's freezing. */
export class Transport {
  readonly #endpoint: URL;
  readonly #agent: Agent;

  /** `ca` is PEM. */
  constructor(endpoint: string, ca: string) {
    this.#endpoint = new URL(endpoint);
    this.#agent = new Agent({ keepAlive: true, ca, maxFreeSockets: 8 });
  }

  /** Resolves when the answer's head has come; rejects with Node's error of the connection. */
  async exchange(what: Exchange): Promise<IncomingMessage> {
    try {
      return await this.#once(what);
    } catch (error) {
      // A server may close an idle connection while we begin to use it: that says nothing about the request.
      if (!(error instanceof StaleConnection) || what.signal?.aborted) throw error;
      this.#dropIdle();
      return await this.#once(what);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #once({ method, path, headers, body, idleTimeout, signal }: Exchange): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, method, headers, timeout: idleTimeout };
      const request = httpsRequest(new URL(path, this.#endpoint), options);
      // Given to Node, the signal would stay with the socket, and end whatever uses that later.
      // Nor is it ended with an error: of a socket that is just being given back, nobody would hear that.
      const abort = () => request.destroy();
      signal?.addEventListener('abort', abort);
      request.once('close', () => signal?.removeEventListener('abort', abort));
      if (signal?.aborted) abort();
      request.once('response', (response) => {
        // Whoever reads it gets its error, too; but it may break, or be aborted, before anybody reads.
        response.on('error', () => {});
        resolve(response);
      });
      request.once('timeout', () => request.destroy(new Error(`no answer within ${idleTimeout} ms`)));
      request.on('error', (error) => reject(isStale(request, error) ? new StaleConnection(error) : error));
      request.end(body);
    });
  }

  #dropIdle(): void {
    for (const sockets of Object.values(this.#agent.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }
}

class StaleConnection extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

function isStale(request: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
