import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLayoutDirectory } from '../../../lib/image/read-layout.ts';
import { parseReference, renderReference } from '../../../lib/image/reference.ts';
import type { Digest, Image } from '../../../lib/image/types.ts';

/** A name that an image has here. */
interface Named {
  /** As it was given, with its tag: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/assets:0f3c`. */
  name: string;
  digest: Digest;
}

/**
 * The images of this person's builds in place of docker's: an OCI layout each, in a folder that is called like its
 * digest, and a small file for each name. Several processes may use them at once: whatever appears, appears complete.
 */
export class LocalImages {
  readonly #directory: string;

  /** `directory` is the person's own, and made where it is missing. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Where a build may write its layout; {@link add} takes it from there. */
  async workplace(): Promise<string> {
    await mkdir(join(this.#directory, 'images'), { recursive: true, mode: 0o700 });
    await mkdir(join(this.#directory, 'names'), { recursive: true, mode: 0o700 });
    return join(this.#directory, 'images', `.${randomUUID()}`);
  }

  /** Takes the layout at `workplace` in, under `names`. What no name is left for goes. */
  async add(workplace: string, names: readonly string[]): Promise<Image> {
    const image = await readLayoutDirectory(workplace);
    await rename(workplace, this.#folder(image.digest)).catch((error: NodeJS.ErrnoException) => {
      // It is there already, and the same: its name says what is in it.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    await rm(workplace, { recursive: true, force: true });
    for (const name of names) await this.#write({ name: withTag(name), digest: image.digest });
    await this.#removeNameless(image.digest);
    return image;
  }

  async find(name: string): Promise<Image | undefined> {
    const known = await this.#read(nameFile(name));
    return known === undefined ? undefined : readLayoutDirectory(this.#folder(known.digest));
  }

  /** Gives the image that is called `source` one more name. Answers whether there is one. */
  async tag(source: string, target: string): Promise<boolean> {
    const known = await this.#read(nameFile(source));
    if (known !== undefined) await this.#write({ name: withTag(target), digest: known.digest });
    return known !== undefined;
  }

  /** All names, with their tags. */
  async names(): Promise<string[]> {
    return (await this.#all()).map(({ name }) => name).sort();
  }

  async #all(): Promise<Named[]> {
    const files = await readdir(join(this.#directory, 'names')).catch(() => []);
    const read = await Promise.all(files.map((file) => this.#read(file)));
    return read.filter((one) => one !== undefined);
  }

  async #read(file: string): Promise<Named | undefined> {
    const text = await readFile(join(this.#directory, 'names', file), 'utf8').catch(() => undefined);
    return text === undefined || !file.endsWith('.json') ? undefined : (JSON.parse(text) as Named);
  }

  async #write(named: Named): Promise<void> {
    const path = join(this.#directory, 'names', nameFile(named.name));
    const unfinished = `${path}.${randomUUID()}`;
    await writeFile(unfinished, JSON.stringify(named));
    await rename(unfinished, path);
  }

  // Assets are called by what they are made of: the names of old ones are of no use, but cost what they weigh.
  async #removeNameless(kept: Digest): Promise<void> {
    const named = new Set((await this.#all()).map(({ digest }) => digest.slice('sha256:'.length)));
    named.add(kept.slice('sha256:'.length));
    const folders = await readdir(join(this.#directory, 'images'));
    for (const folder of folders.filter((one) => !one.startsWith('.') && !named.has(one)))
      await rm(join(this.#directory, 'images', folder), { recursive: true, force: true });
  }

  #folder(digest: Digest): string {
    return join(this.#directory, 'images', digest.slice('sha256:'.length));
  }
}

function withTag(name: string): string {
  const { tag } = parseReference(name);
  return name.slice(name.lastIndexOf('/') + 1).includes(':') ? name : `${name}:${tag}`;
}

function nameFile(name: string): string {
  return `${createHash('sha256')
    .update(renderReference(parseReference(name)))
    .digest('hex')}.json`;
}
