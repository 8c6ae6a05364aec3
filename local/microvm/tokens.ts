import { randomBytes } from 'node:crypto';

/** Ports from one to another, both included. */
export interface Ports {
  from: number;
  to: number;
}

interface Grant {
  until: number;
  ports: readonly Ports[];
}

/** The tokens for the proxy of one VM. */
export class Tokens {
  readonly #grants = new Map<string, Grant>();

  give(ms: number, ports: readonly Ports[]): string {
    const token = randomBytes(48).toString('base64url');
    this.#grants.set(token, { until: Date.now() + ms, ports });
    return token;
  }

  allows(token: string | undefined, port: number): boolean {
    const grant = this.#grants.get(token ?? '');
    if (grant === undefined || Date.now() > grant.until) return false;
    return grant.ports.some(({ from, to }) => from <= port && port <= to);
  }
}
