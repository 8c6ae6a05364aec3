import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, partsOf } from './names.ts';

/**
 * Where things lie below the state folder. Everything of a repository is in its own folder, under names that begin
 * with an underscore, which no component of a repository name can:
 *
 *     repositories/<name>/_blobs/<algorithm>/<hex>           content; a mount is a hard link to it
 *     repositories/<name>/_manifests/<algorithm>/<hex>       content
 *     repositories/<name>/_tags/<tag>                        the digest
 *     repositories/<name>/_referrers/<algorithm>/<hex of subject>/<digest of referrer>   empty
 *     repositories/<name>/_uploads/<session>                 what has arrived so far
 *     incoming/<uuid>                                        small files on their way to an atomic rename
 *
 * So a blob disappears from the disk with the last repository that holds it, and there is no index to repair.
 */
export class Layout {
  readonly stateDir: string;

  constructor(stateDir: string) {
    this.stateDir = stateDir;
  }

  get repositories(): string {
    return join(this.stateDir, 'repositories');
  }

  blob(repository: string, digest: Digest): string {
    return this.#addressed(repository, '_blobs', digest);
  }

  manifest(repository: string, digest: Digest): string {
    return this.#addressed(repository, '_manifests', digest);
  }

  manifests(repository: string): string {
    return join(this.repositories, repository, '_manifests');
  }

  tags(repository: string): string {
    return join(this.repositories, repository, '_tags');
  }

  referrers(repository: string, subject: Digest): string {
    return this.#addressed(repository, '_referrers', subject);
  }

  uploads(repository: string): string {
    return join(this.repositories, repository, '_uploads');
  }

  /** Writes a small file so that a reader, or a restart, sees all of it or nothing. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    const incoming = join(this.stateDir, 'incoming', randomUUID());
    await mkdir(dirname(incoming), { recursive: true });
    await writeFile(incoming, content);
    await mkdir(dirname(path), { recursive: true });
    await rename(incoming, path);
  }

  #addressed(repository: string, kind: string, digest: Digest): string {
    const { algorithm, hex } = partsOf(digest);
    return join(this.repositories, repository, kind, algorithm, hex);
  }
}

/** The names in a folder; none where it does not exist. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await ifThere(readdir(folder))) ?? [];
}

/** What `operation` gives, or `undefined` where the file it is about does not exist. */
export async function ifThere<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
