import { type Received, readText } from './answer.ts';
import { Authorizer } from './authorizer.ts';
import type { CredentialSource } from './credentials.ts';
import { type Asked, nonsense, refusal } from './faults.ts';
import { follow } from './follow.ts';
import { type InsecureHosts, isExposed, originOf } from './host.ts';
import type { Patience } from './retry.ts';
import type { Sender } from './send.ts';

/** One request to a registry. */
export interface Call extends Asked {
  /** What the token has to allow: `repository:team/app:pull,push`. */
  scopes: readonly string[];
  headers?: Record<string, string>;
  /** Opened anew when the request has to be sent again with other credentials. */
  body?: () => Promise<AsyncIterable<Uint8Array> | Uint8Array>;
  /** The statuses that are an answer; any other is thrown as a fault. */
  expect: readonly number[];
  signal?: AbortSignal;
}

/** What connections to all registries have in common. */
export interface Common {
  credentials: CredentialSource;
  insecure: InsecureHosts;
  patience: Patience;
  sender: Sender;
}

/** For requests whose answer is short. Transfers of blobs take as long as they take while something moves. */
const ANSWER_TIMEOUT = 60_000;

/** Speaks to one registry: with the credentials for it, over the scheme that is right for it. */
export class Connection {
  readonly host: string;
  readonly patience: Patience;
  readonly #origin: string;
  readonly #insecure: InsecureHosts;
  readonly #authorizer: Authorizer;
  readonly #sender: Sender;

  constructor(host: string, { credentials, insecure, patience, sender }: Common) {
    this.host = host;
    this.patience = patience;
    this.#sender = sender;
    this.#origin = originOf(host, insecure);
    this.#insecure = insecure;
    this.#authorizer = new Authorizer(host, credentials, insecure, sender);
  }

  /** The address of `path` below `/v2/`: `library/golang/manifests/1.22`. */
  url(path: string): URL {
    return new URL(`/v2/${path}`, this.#origin);
  }

  /** Sends a request once. Throws a RegistryError for no answer and for one of an unexpected status. */
  async call(call: Call): Promise<Received> {
    const used = await this.#authorization(call);
    let response = await this.#send(call, used);
    if (response.status === 401 && (await this.#authorizer.learn(response, used, call))) {
      await response.body?.cancel();
      response = await this.#send(call, await this.#authorization(call));
    }
    if (call.expect.includes(response.status)) return response;
    throw refusal(call, response, await readText(response));
  }

  /** The address in a `Location` header, which may be relative (OCI distribution specification, "Pushing a blob"). */
  location(response: Received, asked: Asked): URL {
    const location = URL.parse(response.headers.get('location') ?? 'invalid:', asked.url.href);
    if (location === null || !/^https?:$/.test(location.protocol)) {
      throw nonsense(asked, 'registry/bad-answer', 'it answered without a usable Location');
    }
    // Registries behind a proxy that ends TLS do not know that they are spoken to over HTTPS.
    const origin = new URL(this.#origin);
    if (location.host === origin.host) location.protocol = origin.protocol;
    if (isExposed(location, this.#insecure)) {
      throw nonsense(
        asked,
        'registry/bad-redirect',
        `it wants an upload to ${location.host} over plain HTTP`,
      );
    }
    return location;
  }

  // An upload session may be at another host, which the credentials are not for.
  async #authorization(call: Call): Promise<string | undefined> {
    return call.url.origin === this.#origin ? this.#authorizer.header(call) : undefined;
  }

  async #send(call: Call, authorization: string | undefined): Promise<Received> {
    const { operation, method, url, signal } = call;
    const headers = { ...call.headers, ...(authorization !== undefined && { authorization }) };
    const body = await call.body?.();
    return follow(
      { operation, method, url, headers, ...(body && { body }), ...(signal && { signal }) },
      this.#insecure,
      this.#sender,
    );
  }
}

/** A signal for a request whose answer is short: the caller's, or a time-out. */
export function briefly(signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}
