import type { Aws } from '../lib/aws/types.ts';
import type { HostKind } from '../lib/host-kind.ts';
import type { Access, Forge } from '../lib/source/forge.ts';
import { forgeOf } from '../lib/source/forge-of.ts';
import type { Hosts } from '../lib/source/types.ts';
import { Secret } from './secret.ts';

/** The git hosts of an installation, with their tokens. */
export class Forges {
  readonly #hosts: Hosts;
  readonly #aws: Aws;
  readonly #secrets = new Map<HostKind, Secret>();

  constructor(hosts: Hosts, aws: Aws) {
    this.#hosts = hosts;
    this.#aws = aws;
  }

  /** The host of that kind. @throws FairleadError `source/unknown-host` */
  of(kind: HostKind): Forge {
    return forgeOf(kind, this.accessTo(kind));
  }

  /** How its API is reached; undefined where the installation has no such host. */
  accessTo(kind: HostKind): Access | undefined {
    const { [kind]: host } = this.#hosts;
    if (host === undefined) return undefined;
    const { apiUrl, tokenSecretId } = host;
    if (tokenSecretId === undefined) return { apiUrl };
    const secret = this.#secrets.get(kind) ?? new Secret(this.#aws, tokenSecretId);
    this.#secrets.set(kind, secret);
    return { apiUrl, token: () => secret.current() };
  }
}
