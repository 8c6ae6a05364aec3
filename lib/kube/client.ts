import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  absent,
  isNotFound,
  KubeError,
  lacksRight,
  type RequestName,
  type Status,
  unreachable,
} from './error.ts';
import { Transport } from './transport.ts';

/** How to reach a cluster. */
export interface Connection {
  /** `https://host[:port]` */
  endpoint: string;
  /** The certificate authority of the endpoint, as PEM. */
  ca: string;
  /** A bearer token; `fresh` after the API has refused the one given before. */
  token(fresh?: 'fresh'): Promise<string>;
}

/** Query parameters; what is undefined is left out. */
export type Query = Record<string, string | number | boolean | undefined>;

export interface Options {
  query?: Query;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
  /** A refusal for want of a right is not appealed against. */
  final?: true;
}

/**
 * What becomes of a request that was refused for want of a right: it is asked again, or is answered as one for what is
 * not there, or stays refused.
 */
export type Appeal = 'again' | 'gone' | 'refused';

/** Decides about the `attempt`th such refusal of a request, from 0. */
export type Appeals = (path: string, attempt: number) => Promise<Appeal>;

const ANSWER_TIMEOUT_MS = 15_000;

/** The Kubernetes API of one cluster, as JSON over HTTPS. Every method throws KubeError. */
export class Kube {
  /** Who is asked about a request that was refused for want of a right; it stays refused where there is nobody. */
  appeals?: Appeals;
  readonly #connection: Connection;
  readonly #transport: Transport;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#transport = new Transport(connection.endpoint, connection.ca);
  }

  async get<T>(path: string, query?: Query): Promise<T> {
    return this.send<T>('GET', path, { query });
  }

  /** The object at `path`, or undefined where there is none. */
  async find<T>(path: string): Promise<T | undefined> {
    return this.get<T>(path).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  }

  /** Sends `body` as JSON; answers the parsed answer. */
  async send<T>(method: string, path: string, options: Options = {}): Promise<T> {
    return JSON.parse(await this.#text(method, path, options));
  }

  /** An answer that keeps coming; it ends when the server, the network or `signal` ends it. */
  async open(path: string, query: Query, idleTimeout: number, signal: AbortSignal): Promise<IncomingMessage> {
    return this.#accepted('GET', path, { query, signal }, idleTimeout);
  }

  close(): void {
    this.#transport.close();
  }

  async #text(method: string, path: string, options: Options): Promise<string> {
    const response = await this.#accepted(method, path, options, ANSWER_TIMEOUT_MS);
    return text(response).catch((error: unknown) => {
      throw unreachable({ method, path }, error);
    });
  }

  /** Answers only what is not a refusal. */
  async #accepted(method: string, path: string, options: Options, idleTimeout: number) {
    for (let attempt = 0; ; attempt++) {
      const response = await this.#authenticated(method, path, options, idleTimeout);
      if ((response.statusCode ?? 0) < 300) return response;
      const error = await refusal({ method, path }, response);
      const mayAppeal = lacksRight(error) && options.final === undefined;
      const appeal = mayAppeal ? await this.appeals?.(path, attempt) : undefined;
      if (appeal === 'gone') throw absent({ method, path }, error);
      if (appeal !== 'again') throw error;
    }
  }

  async #authenticated(method: string, path: string, options: Options, idleTimeout: number) {
    const response = await this.#exchange(method, path, options, idleTimeout, await this.#connection.token());
    if (response.statusCode !== 401) return response;
    response.resume();
    const fresh = await this.#connection.token('fresh');
    return this.#exchange(method, path, options, idleTimeout, fresh);
  }

  async #exchange(method: string, path: string, options: Options, idleTimeout: number, token: string) {
    const { query, body, contentType = 'application/json', signal } = options;
    const headers: Record<string, string> = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'user-agent': 'fairlead',
    };
    const sent = body === undefined ? undefined : JSON.stringify(body);
    if (sent !== undefined) {
      headers['content-type'] = contentType;
      // Node frames the body of a DELETE only if it is told its length.
      headers['content-length'] = String(Buffer.byteLength(sent));
    }
    try {
      return await this.#transport.exchange({
        method,
        path: withQuery(path, query),
        headers,
        body: sent,
        idleTimeout,
        signal,
      });
    } catch (error) {
      throw unreachable({ method, path }, error);
    }
  }
}

function withQuery(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}

async function refusal(request: RequestName, response: IncomingMessage): Promise<KubeError> {
  const status = response.statusCode ?? 0;
  const body = await text(response).catch(() => '');
  return new KubeError(request, status, parseStatus(body));
}

// What stands before the API server (a load balancer, a proxy) answers with text of its own.
function parseStatus(body: string): Status {
  try {
    return JSON.parse(body);
  } catch {
    return { message: body.trim().slice(0, 200) || undefined };
  }
}
