import { hasBlob, openBlob } from '../image/blob-store.ts';
import type { Entry } from '../image/entry.ts';
import { writeLayer } from '../image/layer.ts';
import type { Descriptor, Digest, Layer } from '../image/types.ts';
import { fetchFiles } from './fetch.ts';
import { keyOf, type Store } from './store.ts';
import { type Change, join, type Node, nameOf, parentOf, type Tree } from './tree.ts';

/** Fast: what compresses well, compresses well at once, and a changed binary travels soon. */
const GZIP_LEVEL = 1;

/** What a kept layer's record says. */
interface KeptLayer {
  descriptor: Descriptor;
  diffID: Digest;
}

/**
 * The layer of a step: its changes, with the directories above them as they are (whoever unpacks layers each by
 * itself needs them), and whiteouts for what is gone. A layer of the same entries that was made before is taken
 * instead of being compressed again, or sent: it may be in the registry alone. Every file has to have its hash.
 */
export async function layerOf(
  changes: readonly Change[],
  tree: Tree,
  store: Store,
  { noCache }: { noCache: boolean },
): Promise<Layer> {
  const entries = layerEntries(changes, tree);
  const key = keyOf('layer', GZIP_LEVEL, entries.map(recipe));
  const kept = noCache ? undefined : await store.read<KeptLayer>('layers', key);
  const layer = (kept && (await keptLayer(kept, store))) ?? (await writeNew(changes, tree, store, key));
  store.shared?.holds(
    layer,
    entries.flatMap(({ sha, path }) => (sha === undefined ? [] : [[sha, path] as const])),
  );
  return layer;
}

async function keptLayer(kept: KeptLayer, store: Store): Promise<Layer | undefined> {
  const { digest, size } = kept.descriptor;
  if (await hasBlob(store.blobs, digest, size)) return { ...kept, open: openBlob(store.blobs, digest) };
  return store.shared?.layer(kept);
}

async function writeNew(changes: readonly Change[], tree: Tree, store: Store, key: string): Promise<Layer> {
  await fetchFiles(
    changes.flatMap(({ node }) => node ?? []),
    store,
  );
  const layer = await writeLayer(layerEntries(changes, tree), store.blobs, { gzipLevel: GZIP_LEVEL });
  const record: KeptLayer = { descriptor: layer.descriptor, diffID: layer.diffID };
  store.write('layers', key, record);
  return layer;
}

type KnownEntry = Entry & { sha?: string };

/** Whiteouts and changed nodes with the directories above them; `tree` is that of after the changes. */
function layerEntries(changes: readonly Change[], tree: Tree): KnownEntry[] {
  const entries = new Map<string, KnownEntry>();
  for (const { path, node } of changes) {
    for (let above = parentOf(path); above !== ''; above = parentOf(above)) {
      const directory = tree.get(above);
      // Of `something` only the base knows what it is: unpacked alone it would be missing, written it might be wrong.
      const isKnown = directory !== undefined && directory.assumed !== 'something';
      if (isKnown && !entries.has(above)) entries.set(above, entryOf(above, directory));
    }
    if (node !== undefined) entries.set(path, entryOf(path, node));
    else if (tree.get(path) === undefined) {
      const whiteout = join(parentOf(path), `.wh.${nameOf(path)}`);
      entries.set(whiteout, { path: whiteout, type: 'file', mode: 0, uid: 0, gid: 0, mtime: 0, size: 0 });
    }
  }
  return [...entries.values()];
}

/** All that a tree holds, but for what has no place in a tar. */
export function treeEntries(tree: Tree): Entry[] {
  return [...tree.below('')].flatMap(([path, node]) => (node.type === 'other' ? [] : [entryOf(path, node)]));
}

function entryOf(path: string, node: Node): KnownEntry {
  const { type, mode, uid, gid, mtime, size, link, content, sha } = node;
  const common = { path, mode, uid, gid, mtime };
  if (type === 'directory') return { ...common, type };
  if (type === 'symlink') return { ...common, type, mode: 0o777, linkTarget: link ?? '' };
  const file = content?.from === 'disk' ? content.file : undefined;
  return {
    ...common,
    type: 'file',
    size,
    ...(file === undefined ? {} : { file }),
    ...(sha === undefined ? {} : { sha }),
  };
}

function recipe({ path, type, mode, uid, gid, mtime, linkTarget, sha, size }: KnownEntry): unknown[] {
  return [path, type, mode, uid, gid, mtime, linkTarget ?? '', sha ?? '', size ?? 0];
}
