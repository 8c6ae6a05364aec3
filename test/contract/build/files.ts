import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Image, ImageConfig, Index, Manifest } from '../../../lib/image/types.ts';
import { type Member, membersOf } from './tar.ts';

/** A path of an image as it is compared: `file 755 0:0 <contents>`. */
export type Files = Record<string, string>;

/** What an image is to the tests: what is in it when its layers are applied, and its configuration. */
export interface Result {
  files: Files;
  config: ImageConfig;
}

/** What is in the OCI layout of a tar archive: an image, or several with their platforms as names. */
export function readLayout(archive: string): Record<string, Result> {
  const members = new Map<string, Buffer>();
  for (const { path, bytes } of membersOf(readFileSync(archive))) members.set(path, bytes);
  const blob = (digest: string) => members.get(`blobs/${digest.replace(':', '/')}`) as Buffer;
  const results: Record<string, Result> = {};
  const visit = (bytes: Buffer) => {
    const read = JSON.parse(String(bytes)) as Index | Manifest;
    if ('manifests' in read) {
      for (const { digest } of read.manifests) visit(blob(digest));
      return;
    }
    const config = JSON.parse(String(blob(read.config.digest))) as ImageConfig;
    // Of no layers it writes null.
    const layers = (read.layers ?? []).map(({ digest }) => unpacked(blob(digest)));
    results[platformOf(config)] = { files: flatten(layers), config };
  };
  visit(members.get('index.json') as Buffer);
  return results;
}

/** What is in an image of ours. */
export async function readImage(image: Image): Promise<Result> {
  const layers = image.layers.map(async ({ open }) => unpacked(await buffer(await open())));
  return { files: flatten(await Promise.all(layers)), config: image.config };
}

export function platformOf({ os, architecture, variant }: ImageConfig): string {
  return [os, architecture, variant].filter((part) => part).join('/');
}

function unpacked(bytes: Buffer): Buffer {
  if (bytes.readUInt16BE(0) === 0x1f8b) return gunzipSync(bytes);
  return bytes.readUInt32BE(0) === 0x28b52ffd ? zstdDecompressSync(bytes) : bytes;
}

/** What uncompressed layers come to, the lowest first (OCI image specification, layer.md, "Applying Changesets"). */
export function flatten(layers: readonly Buffer[]): Files {
  const tree = new Map<string, Member & { names?: string }>();
  for (const layer of layers) {
    const members = [...membersOf(layer)];
    for (const { path } of members) removeWhatIsHidden(tree, path);
    for (const member of members) if (!nameOf(member.path).startsWith('.wh.')) add(tree, member);
  }
  const names = new Map<Member, string[]>();
  for (const [path, member] of tree) names.set(member, [...(names.get(member) ?? []), path].sort());
  const described = [...tree].map(([path, member]) => [path, describe(member, names.get(member) ?? [])]);
  return Object.fromEntries(described.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)));
}

function removeWhatIsHidden(tree: Map<string, Member>, path: string): void {
  const name = nameOf(path);
  if (!name.startsWith('.wh.')) return;
  const parent = path.slice(0, Math.max(0, path.length - name.length - 1));
  const gone =
    name === '.wh..wh..opq' ? parent : [parent, name.slice('.wh.'.length)].filter((p) => p).join('/');
  for (const other of [...tree.keys()]) {
    if (other.startsWith(`${gone}/`) || (other === gone && name !== '.wh..wh..opq')) tree.delete(other);
  }
}

function add(tree: Map<string, Member>, member: Member): void {
  const { path, type, linkTarget } = member;
  if (path === '') return;
  for (let above = parentOf(path); above !== '' && !tree.has(above); above = parentOf(above)) {
    tree.set(above, { ...member, path: above, type: 'directory', mode: 0o755, uid: 0, gid: 0, xattrs: {} });
  }
  if (type !== 'directory') {
    for (const other of [...tree.keys()]) if (other.startsWith(`${path}/`)) tree.delete(other);
  }
  const target = type === 'hardlink' ? tree.get(linkTarget.replace(/^(\.?\/)+/, '')) : member;
  if (target === undefined) throw new Error(`${path} is a hardlink to ${linkTarget}, which is not there`);
  tree.set(path, target);
}

const LONGEST_TEXT = 60;

function describe(
  { type, mode, uid, gid, linkTarget, device, xattrs, bytes }: Member,
  names: string[],
): string {
  const attributes = Object.entries(xattrs).map(([name, value]) => `${name}=${value.toString('hex')}`);
  const others = names.length > 1 ? [`names ${names.join(' ')}`] : [];
  const isText = bytes.length <= LONGEST_TEXT && !bytes.includes(0);
  const contents = isText ? bytes.toString() : createHash('sha256').update(bytes).digest('hex');
  return [
    type,
    // A symlink has no mode of its own.
    ...(type === 'symlink' ? [] : [mode.toString(8)]),
    `${uid}:${gid}`,
    ...(type === 'symlink' ? [`-> ${linkTarget}`] : []),
    ...(type === 'file' ? [contents] : []),
    ...(device === '' ? [] : [device]),
    ...others,
    ...attributes.sort(),
  ].join(' ');
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
