import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline as chain, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FairleadError } from '../errors.ts';
import { verifying } from './digest.ts';
import type { Entry } from './entry.ts';
import { canonicalJson } from './json.ts';
import { blobOf, type LayoutFile, layoutFiles } from './layout.ts';
import { parseReference, renderReference } from './reference.ts';
import { tarBytes } from './tar.ts';
import type { Image, ImageIndex } from './types.ts';

/**
 * Writes an image as an OCI layout into `directory`, which appears complete or not at all. An older layout there is
 * replaced; anything else is left alone: `image/not-a-layout`. `names` as in `layoutFiles`.
 */
export async function writeLayoutDirectory(
  image: Image | ImageIndex,
  directory: string,
  names: readonly string[] = [],
): Promise<void> {
  const target = resolve(directory);
  await checkReplaceable(target);
  const unfinished = besides(target);
  try {
    for (const file of layoutFiles(image, names)) {
      const path = join(unfinished, file.path);
      await mkdir(dirname(path), { recursive: true });
      await pipeline(await openFile(file), createWriteStream(path));
    }
    await replace(target, unfinished);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Writes an image as a tar of an OCI layout to `file`, which appears complete or not at all; always the same bytes. */
export async function writeLayoutArchive(
  image: Image | ImageIndex,
  file: string,
  names: readonly string[] = [],
): Promise<void> {
  await writeTar(archiveEntries(layoutFiles(image, names)), file);
}

/**
 * Writes an image as the tar that `docker load` takes: an OCI layout with the `manifest.json` of `docker save`, which
 * names it for a docker that knows no layouts. `file` appears complete or not at all.
 */
export async function writeDockerArchive(
  image: Image,
  file: string,
  names: readonly string[] = [],
): Promise<void> {
  const bytes = canonicalJson([
    {
      Config: blobOf(image.manifest.config.digest),
      RepoTags: names.map((name) => renderReference(parseReference(name))),
      Layers: image.layers.map(({ descriptor }) => blobOf(descriptor.digest)),
    },
  ]);
  const list: LayoutFile = { path: 'manifest.json', size: bytes.length, bytes };
  await writeTar(archiveEntries([...layoutFiles(image, names), list]), file);
}

/** Writes a tar to `file`, which appears complete or not at all; `-` is this program's own output. */
export async function writeTar(entries: Iterable<Entry>, file: string): Promise<void> {
  if (file === '-') return pipeline(tarBytes(entries), process.stdout, { end: false });
  const target = resolve(file);
  const unfinished = besides(target);
  await mkdir(dirname(target), { recursive: true });
  try {
    await pipeline(tarBytes(entries), createWriteStream(unfinished));
    await rename(unfinished, target);
  } finally {
    await rm(unfinished, { force: true });
  }
}

function archiveEntries(files: readonly LayoutFile[]): Entry[] {
  const common = { uid: 0, gid: 0, mtime: 0 };
  const directories = ['blobs', 'blobs/sha256'].map(
    (path): Entry => ({ ...common, path, type: 'directory', mode: 0o755 }),
  );
  const entries = files.map(
    (file): Entry => ({
      ...common,
      path: file.path,
      type: 'file',
      mode: 0o644,
      size: file.size,
      open: () => openFile(file),
    }),
  );
  return [...directories, ...entries];
}

async function openFile({ path, size, bytes, layer }: LayoutFile): Promise<Readable> {
  if (layer === undefined) return Readable.from([bytes ?? Buffer.alloc(0)]);
  return chain(await layer.open(), verifying({ digest: layer.digest, size }, path), () => {});
}

async function checkReplaceable(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[];
    throw error;
  });
  if (names.length === 0 || names.includes('oci-layout')) return;
  throw new FairleadError({
    code: 'image/not-a-layout',
    operation: 'writing an OCI layout',
    place: directory,
    cause: 'the directory holds other files, which would be replaced',
    remedy: 'name a directory that is empty or not there yet',
  });
}

// A rename cannot replace a directory that is not empty, so the old one steps aside first.
async function replace(target: string, finished: string): Promise<void> {
  const old = besides(target);
  const exists = await access(target).then(
    () => true,
    () => false,
  );
  if (exists) await rename(target, old);
  await rename(finished, target);
  await rm(old, { recursive: true, force: true });
}

function besides(target: string): string {
  return join(dirname(target), `.${basename(target)}.${randomUUID()}`);
}
