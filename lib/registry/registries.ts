import { parseReference, parseRepository, type Reference, renderReference } from '../image/reference.ts';
import type { Image, ImageIndex, Platform } from '../image/types.ts';
import type { NetworkPolicy } from '../network/policy.ts';
import { Artifacts } from './artifacts.ts';
import { Connection } from './connection.ts';
import type { CredentialSource } from './credentials.ts';
import { RegistryError } from './faults.ts';
import type { InsecureHosts } from './host.ts';
import { candidates, type Mirrors } from './mirrors.ts';
import { type PublishEvent, type Published, publishImage } from './publish.ts';
import { publishImageIndex } from './publish-index.ts';
import { pullImage } from './pull.ts';
import { reachRegistry } from './reach.ts';
import { PATIENT, type Patience } from './retry.ts';
import { Sender } from './send.ts';
import { listTags } from './tags.ts';

export interface RegistriesOptions {
  mirrors?: Mirrors;
  insecure?: InsecureHosts;
  /** Asked before each request to a registry that has not said yet what it wants, or that wants credentials. */
  credentials?: CredentialSource;
  /** How temporary faults are borne. */
  patience?: Patience;
  /** What may not be connected to; nothing is refused when it is left out. */
  network?: NetworkPolicy;
}

/**
 * All registries, each with its credentials and mirrors, over the OCI distribution protocol. Throws RegistryErrors
 * with codes `registry/…`. Keep one as long as the process lives: it remembers tokens.
 */
export class Registries {
  readonly #mirrors: Mirrors;
  readonly #insecure: InsecureHosts;
  readonly #credentials: CredentialSource;
  readonly #patience: Patience;
  readonly #sender: Sender;
  readonly #connections = new Map<string, Connection>();

  constructor({ mirrors, insecure, credentials, patience, network }: RegistriesOptions = {}) {
    this.#sender = new Sender(network);
    this.#mirrors = mirrors ?? {};
    this.#insecure = insecure ?? [];
    this.#credentials = credentials ?? (async () => undefined);
    this.#patience = patience ?? PATIENT;
  }

  /**
   * Finds the image that `reference` names, for `platform`: at its mirror, if it has one, or else at its registry.
   * A single image that is for another platform is answered as it is: its `config` tells.
   */
  async resolve(reference: Reference | string, platform: Platform, signal?: AbortSignal): Promise<Image> {
    const wanted = typeof reference === 'string' ? parseReference(reference) : reference;
    const tried: { candidate: Reference; error: RegistryError }[] = [];
    for (const { candidate, patience } of this.#candidates(wanted)) {
      try {
        return await pullImage(this.#connection(candidate.host), candidate, platform, {
          patience,
          ...(signal && { signal }),
        });
      } catch (error) {
        if (!(error instanceof RegistryError) || !isAbsence(error)) throw error;
        tried.push({ candidate, error });
      }
    }
    throw notFound(wanted, tried);
  }

  /**
   * Puts an image into the repository `host[:port]/path` under each of `tags`, or under its digest alone where there
   * are none. What the repository has is not sent again.
   */
  async publish(
    image: Image,
    repository: string,
    tags: readonly string[],
    onProgress?: (event: PublishEvent) => void,
    signal?: AbortSignal,
  ): Promise<Published> {
    const { host, path } = parseRepository(repository);
    return publishImage(this.#connection(host), path, image, tags, onProgress, signal);
  }

  /**
   * Puts images for several platforms into the repository, and their index under each of `tags`, or under its digest
   * alone where there are none.
   */
  async publishIndex(
    index: ImageIndex,
    repository: string,
    tags: readonly string[],
    onProgress?: (event: PublishEvent) => void,
    signal?: AbortSignal,
  ): Promise<Published> {
    const { host, path } = parseRepository(repository);
    return publishImageIndex(this.#connection(host), path, index, tags, onProgress, signal);
  }

  /**
   * Connects to the registry of the repository `host[:port]/path`, and gets the token that publishing there will ask
   * for, so that it has not to be waited for then. What goes wrong is told by the publishing.
   */
  async reach(repository: string, signal?: AbortSignal): Promise<void> {
    const { host, path } = parseRepository(repository);
    await reachRegistry(this.#connection(host), path, signal);
  }

  /** What the repository `host[:port]/path` keeps beside images. */
  artifacts(repository: string): Artifacts {
    const { host, path } = parseRepository(repository);
    return new Artifacts(this.#connection(host), path);
  }

  /** Tags of the repository that `reference` names, for people who mistyped one; none where they are not to be had. */
  async tags(reference: string, signal: AbortSignal): Promise<string[]> {
    const listed = this.#candidates(parseReference(reference)).map(({ candidate: { host, path } }) =>
      listTags(this.#connection(host), path, signal).catch(() => []),
    );
    return [...new Set((await Promise.all(listed)).flat())];
  }

  // With the upstream still to ask, a mirror that is down is not waited for long.
  #candidates(wanted: Reference): { candidate: Reference; patience: Patience }[] {
    const { attempts } = this.#patience;
    return candidates(wanted, this.#mirrors).map((candidate, at, all) => ({
      candidate,
      patience: { ...this.#patience, attempts: at < all.length - 1 ? Math.min(2, attempts) : attempts },
    }));
  }

  #connection(host: string): Connection {
    const known = this.#connections.get(host);
    if (known !== undefined) return known;
    const connection = new Connection(host, {
      credentials: this.#credentials,
      insecure: this.#insecure,
      patience: this.#patience,
      sender: this.#sender,
    });
    this.#connections.set(host, connection);
    return connection;
  }
}

// What is no reason to look no further: not there, not allowed to see it, or nobody there. Bytes that are wrong are.
function isAbsence({ code, temporary }: RegistryError): boolean {
  return temporary || /\/(not-found|unauthorized|denied|unreachable)$/.test(code);
}

function notFound(wanted: Reference, tried: { candidate: Reference; error: RegistryError }[]): unknown {
  const last = tried.at(-1);
  if (last === undefined || tried.length === 1) return last?.error;
  const before = tried.slice(0, -1).map(({ error }) => `${error.fault.place ?? ''}: ${error.fault.cause}`);
  return new RegistryError(
    {
      ...last.error.fault,
      operation: `pulling ${renderReference(wanted)}`,
      cause: `${last.error.fault.cause}; the mirror before it: ${before.join('; ')}`,
    },
    last.error,
    { cause: last.error },
  );
}
