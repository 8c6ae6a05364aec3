import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Blobs } from './blobs.ts';
import { RegistryError } from './errors.ts';
import { ifThere, type Layout, namesIn } from './layout.ts';
import { type Descriptor, type Manifest, parseManifest } from './manifest.ts';
import { type Digest, isDigest, partsOf, type Reference } from './names.ts';

/** A stored manifest: its exact bytes, and what they say. */
export interface StoredManifest extends Manifest {
  digest: Digest;
  bytes: Buffer;
}

/** The manifests, tags and referrers of all repositories. */
export class Manifests {
  readonly #layout: Layout;
  readonly #blobs: Blobs;

  constructor(layout: Layout, blobs: Blobs) {
    this.#layout = layout;
    this.#blobs = blobs;
  }

  /** @throws RegistryError MANIFEST_UNKNOWN */
  async get(repository: string, reference: Reference): Promise<StoredManifest> {
    const digest =
      reference.by === 'digest' ? reference.digest : await this.#tagged(repository, reference.tag);
    const found = digest === undefined ? undefined : await this.#read(repository, digest);
    if (found === undefined) throw unknown(repository, reference);
    return found;
  }

  /**
   * Stores a manifest, and tags it when it was put by tag.
   * @throws RegistryError MANIFEST_INVALID, DIGEST_INVALID, MANIFEST_BLOB_UNKNOWN
   */
  async put(
    repository: string,
    reference: Reference,
    bytes: Buffer,
    contentType: string | undefined,
  ): Promise<StoredManifest> {
    const manifest = parseManifest(bytes, contentType);
    const digest = verifiedDigest(bytes, reference);
    await this.#requireReferenced(repository, manifest);
    await this.#layout.write(this.#layout.manifest(repository, digest), bytes);
    if (manifest.subject !== undefined) {
      await this.#layout.write(this.#referrer(repository, manifest.subject.digest, digest), '');
    }
    if (reference.by === 'tag') {
      await this.#layout.write(join(this.#layout.tags(repository), reference.tag), digest);
    }
    return { ...manifest, digest, bytes };
  }

  /** By tag: the tag goes. By digest: the manifest goes, with every tag of it. @throws RegistryError MANIFEST_UNKNOWN */
  async remove(repository: string, reference: Reference): Promise<void> {
    if (reference.by === 'tag') {
      if ((await this.#tagged(repository, reference.tag)) === undefined) throw unknown(repository, reference);
      await rm(join(this.#layout.tags(repository), reference.tag), { force: true });
      return;
    }
    const { digest, subject } = await this.get(repository, reference);
    for (const tag of await namesIn(this.#layout.tags(repository))) {
      if ((await this.#tagged(repository, tag)) === digest)
        await rm(join(this.#layout.tags(repository), tag));
    }
    if (subject !== undefined) await rm(this.#referrer(repository, subject.digest, digest), { force: true });
    await rm(this.#layout.manifest(repository, digest), { force: true });
  }

  /** All tags in the specification's order: alphanumeric, whatever the case. Empty for an unknown repository. */
  async tags(repository: string): Promise<string[]> {
    return (await namesIn(this.#layout.tags(repository))).sort(inTagOrder);
  }

  /** Whether anything was ever put into the repository, tagged or not. */
  async holds(repository: string): Promise<boolean> {
    return (await namesIn(this.#layout.manifests(repository))).length > 0;
  }

  /** Descriptors of the manifests whose subject is `subject`, in the order of their digests. */
  async referrers(repository: string, subject: Digest): Promise<Descriptor[]> {
    const digests = (await namesIn(this.#layout.referrers(repository, subject))).sort().filter(isDigest);
    const found = await Promise.all(digests.map((digest) => this.#read(repository, digest)));
    return found.flatMap((manifest) => (manifest === undefined ? [] : [described(manifest)]));
  }

  async #read(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    const bytes = await ifThere(readFile(this.#layout.manifest(repository, digest)));
    return bytes === undefined ? undefined : { ...parseManifest(bytes), digest, bytes };
  }

  async #tagged(repository: string, tag: string): Promise<Digest | undefined> {
    const digest = await ifThere(readFile(join(this.#layout.tags(repository), tag), 'utf8'));
    return isDigest(digest) ? digest : undefined;
  }

  #referrer(repository: string, subject: Digest, referrer: Digest): string {
    return join(this.#layout.referrers(repository, subject), referrer);
  }

  async #requireReferenced(repository: string, { blobs, manifests }: Manifest): Promise<void> {
    for (const blob of blobs) requireSize(blob, await this.#blobs.size(repository, blob.digest));
    for (const entry of manifests) {
      const manifest = await ifThere(stat(this.#layout.manifest(repository, entry.digest)));
      // BuildKit keeps its cache as an index of plain blobs.
      requireSize(entry, manifest?.size ?? (await this.#blobs.size(repository, entry.digest)));
    }
  }
}

/** The position of tags in lists, for `last` as well: by letters without their case, then by code unit. */
export function inTagOrder(a: string, b: string): number {
  const [lowerA, lowerB] = [a.toLowerCase(), b.toLowerCase()];
  if (lowerA !== lowerB) return lowerA < lowerB ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function verifiedDigest(bytes: Buffer, reference: Reference): Digest {
  const algorithm = reference.by === 'digest' ? partsOf(reference.digest).algorithm : 'sha256';
  const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
  if (reference.by === 'digest' && digest !== reference.digest) {
    throw new RegistryError('DIGEST_INVALID', `the manifest is ${digest}, not ${reference.digest}`, {
      detail: { digest: reference.digest },
    });
  }
  return digest;
}

function requireSize({ digest, size }: Descriptor, stored: number | undefined): void {
  if (stored === undefined) {
    throw new RegistryError('MANIFEST_BLOB_UNKNOWN', `the repository does not hold ${digest}`, {
      detail: { digest },
    });
  }
  if (stored !== size) {
    throw new RegistryError('MANIFEST_INVALID', `${digest} has ${stored} bytes, the manifest says ${size}`, {
      detail: { digest, size, stored },
    });
  }
}

function described({ mediaType, digest, bytes, artifactType, annotations }: StoredManifest): Descriptor {
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function unknown(repository: string, reference: Reference): RegistryError {
  const wanted = reference.by === 'tag' ? { tag: reference.tag } : { digest: reference.digest };
  return new RegistryError('MANIFEST_UNKNOWN', `no such manifest in ${repository}`, {
    detail: { name: repository, ...wanted },
  });
}
