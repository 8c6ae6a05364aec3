import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import tar from 'tar-stream';
import { type BuildOptions, build } from '../../../lib/build/build.ts';
import { findToolchain } from '../../../lib/build/go/toolchain.ts';
import type { ProgressEvent } from '../../../lib/build/progress.ts';
import type { ImageSource } from '../../../lib/build/store/bases.ts';
import { assembleImage } from '../../../lib/image/assemble.ts';
import type { Entry } from '../../../lib/image/entry.ts';
import { writeLayer } from '../../../lib/image/layer.ts';
import { readLayer } from '../../../lib/image/read-layer.ts';
import { readTar } from '../../../lib/image/read-tar.ts';
import type { Image, RunConfig } from '../../../lib/image/types.ts';
import { removeTree } from '../../../lib/sandbox/remove-tree.ts';

/** A path of an image as tests compare it: `file 755 0:0 <contents>`. */
export type Files = Record<string, string>;

/** Directories that are gone when `close` was called. */
export class Scratch {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'fairlead-build-')));
  #count = 0;

  directory(): string {
    const path = join(this.root, String(this.#count++));
    mkdirSync(path);
    return path;
  }

  /** A build context: contents by path; a value `-> x` makes a symlink, a path that ends with a slash a directory. */
  context(files: Record<string, string>): string {
    const root = this.directory();
    for (const [path, text] of Object.entries(files)) {
      const target = join(root, path);
      mkdirSync(path.endsWith('/') ? target : dirname(target), { recursive: true });
      if (path.endsWith('/')) continue;
      if (text.startsWith('-> ')) symlinkSync(text.slice(3), target);
      else writeFileSync(target, text);
      if (!text.startsWith('-> ')) chmodSync(target, text.startsWith('#!') ? 0o755 : 0o644);
    }
    return root;
  }

  close(): void {
    removeTree(this.root);
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** No registry has anything. */
const NO_REGISTRY: ImageSource = {
  resolve: async (reference) => {
    throw new Error(`no registry has ${String(reference)}`);
  },
};

/** A registry with these images. */
export function registryOf(images: Record<string, Image>): ImageSource {
  return {
    resolve: async (reference) => {
      const image = images[String(reference)];
      if (image === undefined) throw new Error(`no registry has ${String(reference)}`);
      return image;
    },
  };
}

export interface Built {
  image: Image;
  files: Files;
  events: ProgressEvent[];
}

/** Builds a context made of `files`, with nothing else given than what `options` say. */
export async function buildFiles(
  scratch: Scratch,
  files: Record<string, string>,
  options: Partial<BuildOptions> = {},
): Promise<Built> {
  const events: ProgressEvent[] = [];
  const toolchain = findToolchain(process.env);
  const image = await build({
    context: options.context ?? scratch.context(files),
    cacheDir: scratch.directory(),
    registries: NO_REGISTRY,
    onProgress: (event) => events.push(event),
    ...(toolchain === undefined ? {} : { toolchain }),
    ...options,
  });
  return { image, files: await filesOf(image), events };
}

/** An image with one layer of these entries. */
export async function imageOf(scratch: Scratch, entries: Entry[], config: RunConfig = {}): Promise<Image> {
  const layer = await writeLayer(entries, scratch.directory());
  return assembleImage({ config: { os: 'linux', architecture: 'amd64', config }, layers: [layer] });
}

export function directory(path: string, mode = 0o755, uid = 0, gid = 0): Entry {
  return { path, type: 'directory', mode, uid, gid, mtime: 0 };
}

/** What is in an image when its layers are applied one after the other. */
export async function filesOf(image: Image): Promise<Files> {
  const tars: Readable[] = [];
  for (const { open, descriptor } of image.layers) tars.push(readLayer(await open(), descriptor.mediaType));
  return flatten(tars);
}

/** The time of each path of an image as its layers say it, the highest last, in seconds since 1970. */
export async function timesIn({ layers }: Image): Promise<Record<string, number>> {
  const times: Record<string, number> = {};
  for (const { open, descriptor } of layers)
    for await (const [{ name, mtime }] of readTar(readLayer(await open(), descriptor.mediaType)))
      times[name.replace(/\/$/, '')] = mtime;
  return times;
}

/** What uncompressed layers come to, the lowest first. */
export async function flatten(layers: Iterable<Readable | Buffer>): Promise<Files> {
  const files: Files = {};
  for (const layer of layers) {
    const extract = tar.extract();
    const source = Buffer.isBuffer(layer) ? Readable.from([layer]) : layer;
    source.once('error', (error) => extract.destroy(error));
    source.pipe(extract);
    for await (const entry of extract) {
      const path = entry.header.name.replace(/^\.?\//, '').replace(/\/$/, '');
      const bytes = await buffer(entry);
      apply(files, path, describeEntry(entry.header, bytes, files));
    }
  }
  return files;
}

function apply(files: Files, path: string, description: string): void {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const gone = name.startsWith('.wh.') ? path.replace(/\.wh\.([^/]+)$/, '$1') : path;
  const isDirectory = description.startsWith('directory');
  for (const other of Object.keys(files)) {
    if ((other === gone && gone !== path) || (!isDirectory && other.startsWith(`${gone}/`)))
      delete files[other];
  }
  if (gone === path && path !== '') files[path] = description;
}

const LONGEST_TEXT = 60;

function describeEntry(
  { type, mode = 0, uid, gid, linkname }: tar.Header,
  bytes: Buffer,
  files: Files,
): string {
  // Of two names of one file either may be the link.
  if (type === 'link') return files[(linkname ?? '').replace(/^\//, '')] ?? `link -> ${linkname}`;
  const what = `${type} ${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
  if (type === 'symlink') return `${type} ${uid}:${gid} -> ${linkname}`;
  if (type === 'directory') return what;
  const isShort = bytes.length <= LONGEST_TEXT && !bytes.includes(0);
  return `${what} ${isShort ? bytes.toString() : createHash('sha256').update(bytes).digest('hex')}`;
}

/** The steps that were told, as `COPY a b` or `COPY a b (cached)`. */
export function steps(events: ProgressEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'step' ? [`${event.instruction}${event.cached ? ' (cached)' : ''}`] : [],
  );
}
