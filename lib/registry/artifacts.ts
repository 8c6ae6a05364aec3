import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { digestOf } from '../image/digest.ts';
import { canonicalJson } from '../image/json.ts';
import { OCI_MANIFEST } from '../image/media-types.ts';
import { repositoryOf } from '../image/reference.ts';
import type { Descriptor, Digest, Manifest, OpenBlob } from '../image/types.ts';
import type { Connection } from './connection.ts';
import { downloadBlob } from './download.ts';
import { nonsense, RegistryError } from './faults.ts';
import { inParallel } from './in-parallel.ts';
import { nameManifest } from './name-manifest.ts';
import { fetchManifest } from './pull.ts';
import { type Blob, deliverBlob, hasBlob, type Target } from './upload.ts';

/**
 * What is kept in a repository beside its images (OCI image specification 1.1, manifest.md, "Artifact Usage"). The
 * repository has its blobs by now.
 */
export interface Artifact {
  artifactType: string;
  config: Descriptor;
  layers: readonly Descriptor[];
}

const BLOBS_AT_ONCE = 4;

/** What is in memory, as a blob. */
export function blobOf(mediaType: string, bytes: Uint8Array): Blob & { descriptor: Descriptor } {
  return {
    descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length },
    open: async () => Readable.from([bytes]),
  };
}

/** The artifacts of one repository. Throws RegistryErrors, and `image/wrong-bytes`. */
export class Artifacts {
  readonly #connection: Connection;
  readonly #path: string;

  constructor(connection: Connection, path: string) {
    this.#connection = connection;
    this.#path = path;
  }

  /** As `host[:port]/path`. */
  get repository(): string {
    return repositoryOf({ host: this.#connection.host, path: this.#path });
  }

  /** The manifest that has this tag; undefined when there is none, or no such repository. */
  async find(tag: string, signal?: AbortSignal): Promise<{ digest: Digest; manifest: Manifest } | undefined> {
    const operation = `reading ${this.repository}:${tag}`;
    const [connection, path] = [this.#connection, this.#path];
    const { patience } = connection;
    const pull = { connection, path, operation, patience, ...(signal && { signal }) };
    try {
      const found = await fetchManifest(pull, tag);
      if (found.kind === 'manifest') return { digest: found.digest, manifest: found.manifest };
      const asked = { operation, method: 'GET', url: connection.url(`${path}/manifests/${tag}`) };
      throw nonsense(asked, 'registry/bad-answer', 'the tag is that of an index');
    } catch (error) {
      if (error instanceof RegistryError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** A blob's bytes, verified. Throws `registry/too-large` for one of more than `limit`. */
  async read(blob: Descriptor, limit: number, signal?: AbortSignal): Promise<Buffer> {
    if (blob.size <= limit) return buffer(this.#download(blob, signal));
    const asked = { operation: `reading ${this.repository}`, method: 'GET', url: this.#url(blob) };
    throw nonsense(asked, 'registry/too-large', `a blob of ${blob.size} bytes; there may be ${limit}`);
  }

  /** Whether the repository has a blob. */
  async has({ digest }: Pick<Descriptor, 'digest'>, signal?: AbortSignal): Promise<boolean> {
    return hasBlob(this.#target('looking into', signal), digest);
  }

  /** Opens a blob as a stream, which fails when the bytes are not the blob's. */
  open(blob: Pick<Descriptor, 'digest' | 'size'>, signal?: AbortSignal): OpenBlob {
    return async () => this.#download(blob, signal);
  }

  /** Sees to it that the repository has the blobs, and answers how many bytes were sent for that. */
  async deliver(blobs: readonly Blob[], signal?: AbortSignal): Promise<number> {
    let sent = 0;
    const target = this.#target('publishing a cache to', signal);
    await inParallel(blobs, BLOBS_AT_ONCE, signal, async (blob, stop) => {
      const arrival = await deliverBlob({ ...target, signal: stop }, blob);
      if (arrival === 'uploaded') sent += blob.descriptor.size;
    });
    return sent;
  }

  /** Puts the manifest under `tag`, whatever had the tag before. Answers the bytes sent. */
  async put(tag: string, { artifactType, config, layers }: Artifact, signal?: AbortSignal): Promise<number> {
    const manifest = canonicalJson({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType,
      config,
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    });
    const named = { digest: digestOf(manifest), mediaType: OCI_MANIFEST, bytes: manifest };
    await nameManifest(this.#target('publishing a cache to', signal), named, [tag]);
    return manifest.length;
  }

  #download(blob: Pick<Descriptor, 'digest' | 'size'>, signal?: AbortSignal): Readable {
    return downloadBlob(this.#connection, this.#path, blob, `reading ${this.repository}`, signal);
  }

  #url({ digest }: Descriptor): URL {
    return this.#connection.url(`${this.#path}/blobs/${digest}`);
  }

  #target(doing: string, signal?: AbortSignal): Target {
    const operation = `${doing} ${this.repository}`;
    return { connection: this.#connection, path: this.#path, operation, ...(signal && { signal }) };
  }
}
