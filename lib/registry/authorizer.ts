import type { Received } from './answer.ts';
import { type Challenge, parseChallenge } from './challenge.ts';
import { authorization, type CredentialSource } from './credentials.ts';
import type { InsecureHosts } from './host.ts';
import type { Sender } from './send.ts';
import { requestToken, type Token } from './tokens.ts';

/** What one request needs to be allowed. */
export interface Permission {
  operation: string;
  /** `repository:library/golang:pull`, for the token service. */
  scopes: readonly string[];
}

/** Knows what a registry wants to see before it answers, and gets it: once, then from memory until it expires. */
export class Authorizer {
  readonly #host: string;
  readonly #credentials: CredentialSource;
  readonly #insecure: InsecureHosts;
  readonly #tokens = new Map<string, Promise<Token>>();
  readonly #sender: Sender;
  #challenge: Challenge | undefined;

  constructor(host: string, credentials: CredentialSource, insecure: InsecureHosts, sender: Sender) {
    this.#sender = sender;
    this.#host = host;
    this.#credentials = credentials;
    this.#insecure = insecure;
  }

  /** The `Authorization` header for a request; undefined while the registry has not asked for any, unless it is known to. */
  async header(permission: Permission): Promise<string | undefined> {
    if (this.#challenge === undefined) return await this.#unasked();
    if (this.#challenge.scheme === 'bearer') return this.#bearer(this.#challenge, permission);
    const credentials = await this.#credentials(this.#host);
    return credentials && authorization(credentials);
  }

  /**
   * Takes in the challenge of a 401 to a request that had the header `used`. Answers whether it is worth asking again:
   * not when the registry wants nothing that we could do otherwise.
   */
  async learn(response: Received, used: string | undefined, permission: Permission): Promise<boolean> {
    const challenge = parseChallenge(response.headers.get('www-authenticate'));
    if (challenge === undefined) return false;
    this.#challenge = challenge;
    // A token that was refused may have been revoked; another request may have got a new one by now.
    if (challenge.scheme === 'bearer' && used !== undefined) {
      const key = keyOf(challenge, permission);
      const cached = await this.#tokens.get(key)?.catch(() => undefined);
      if (used === `Bearer ${cached?.value}`) this.#tokens.delete(key);
    }
    return (await this.header(permission)) !== used;
  }

  async #unasked(): Promise<string | undefined> {
    const credentials = await this.#credentials(this.#host);
    return credentials && 'unasked' in credentials ? authorization(credentials) : undefined;
  }

  async #bearer(
    challenge: Extract<Challenge, { scheme: 'bearer' }>,
    permission: Permission,
  ): Promise<string> {
    const credentials = await this.#credentials(this.#host);
    if (credentials !== undefined && 'token' in credentials) return authorization(credentials);
    const { operation } = permission;
    const scopes = permission.scopes.length > 0 ? permission.scopes : [challenge.scope ?? ''];
    const token = await this.#token(keyOf(challenge, permission), () =>
      requestToken(challenge, scopes, credentials, {
        operation,
        insecure: this.#insecure,
        sender: this.#sender,
      }),
    );
    return `Bearer ${token.value}`;
  }

  // Requests that come while a token is on its way wait for that one.
  async #token(key: string, request: () => Promise<Token>): Promise<Token> {
    const current = this.#tokens.get(key);
    if (current === undefined) {
      const requested = request();
      this.#tokens.set(key, requested);
      requested.catch(() => this.#tokens.delete(key));
      return requested;
    }
    const token = await current;
    if (token.expires > Date.now()) return token;
    if (this.#tokens.get(key) === current) this.#tokens.delete(key);
    return this.#token(key, request);
  }
}

function keyOf({ realm, service }: { realm: string; service?: string }, { scopes }: Permission): string {
  return JSON.stringify([realm, service, [...scopes].sort()]);
}
