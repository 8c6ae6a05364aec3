import { hasBlob, openBlob } from '../image/blob-store.ts';
import type { Entry } from '../image/entry.ts';
import { writeLayer } from '../image/layer.ts';
import type { Descriptor, Digest, Layer } from '../image/types.ts';
import { fetchFiles } from './fetch.ts';
import { keyOf, type Store } from './store.ts';
import { type Change, join, type Node, nameOf, parentOf, type Tree } from './tree.ts';
import { refuseChanged } from './unchanged.ts';

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
  { noCache, signal }: { noCache: boolean; signal?: AbortSignal },
): Promise<Layer> {
  // At once: the tree goes on to change while the layer is made.
  const nodes = layerNodes(changes, tree);
  const entries = entriesOf(nodes);
  const key = keyOf('layer', GZIP_LEVEL, entries.map(recipe));
  const kept = noCache ? undefined : await store.read<KeptLayer>('layers', key);
  const layer = (kept && (await keptLayer(kept, store))) ?? (await writeNew(nodes, store, key, signal));
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

async function writeNew(
  nodes: LayerNodes,
  store: Store,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Layer> {
  await fetchFiles(
    [...nodes.values()].flatMap((node) => node ?? []),
    store,
    signal,
  );
  const options = { gzipLevel: GZIP_LEVEL, ...(signal && { signal }) };
  const layer = await writeLayer(entriesOf(nodes), store.blobs, options);
  // A layer whose files are not what their hashes say must not be taken for them by anyone.
  refuseChanged(nodes.values());
  const record: KeptLayer = { descriptor: layer.descriptor, diffID: layer.diffID };
  store.write('layers', key, record);
  return layer;
}

type KnownEntry = Entry & { sha?: string };

/** What a layer holds by path; nothing where a path is gone. */
type LayerNodes = Map<string, Node | undefined>;

/** What is gone, and changed nodes with the directories above them; `tree` is that of after the changes. */
function layerNodes(changes: readonly Change[], tree: Tree): LayerNodes {
  const nodes: LayerNodes = new Map();
  for (const { path, node } of changes) {
    for (let above = parentOf(path); above !== ''; above = parentOf(above)) {
      const directory = tree.get(above);
      // Of `something` only the base knows what it is: unpacked alone it would be missing, written it might be wrong.
      const isKnown = directory !== undefined && directory.assumed !== 'something';
      if (isKnown && !nodes.has(above)) nodes.set(above, { ...directory });
    }
    if (node !== undefined) nodes.set(path, node);
    else if (tree.get(path) === undefined) nodes.set(path, undefined);
  }
  return nodes;
}

function entriesOf(nodes: LayerNodes): KnownEntry[] {
  const entries = new Map<string, KnownEntry>();
  for (const [path, node] of nodes) {
    const entry = node === undefined ? whiteout(path) : entryOf(path, node);
    if (entry !== undefined) entries.set(path, entry);
  }
  return linked(entries, (path) => nodes.get(path));
}

function whiteout(path: string): KnownEntry {
  const name = join(parentOf(path), `.wh.${nameOf(path)}`);
  return { path: name, type: 'file', mode: 0, uid: 0, gid: 0, mtime: 0, size: 0 };
}

/** All that a tree holds, but for what has no place in a tar. */
export function treeEntries(tree: Tree): Entry[] {
  const entries = new Map<string, KnownEntry>();
  for (const [path, node] of tree.below('')) {
    const entry = entryOf(path, node);
    if (entry !== undefined) entries.set(path, entry);
  }
  return linked(entries, (path) => tree.get(path));
}

/** Nothing for what an image cannot hold: sockets. */
function entryOf(path: string, node: Node): KnownEntry | undefined {
  const { type, mode, uid, gid, mtime, size, link, content, sha, capability, special } = node;
  const common = { path, mode, uid, gid, mtime };
  if (type === 'directory') return { ...common, type };
  if (type === 'symlink') return { ...common, type, mode: 0o777, linkTarget: link ?? '' };
  if (type === 'other') {
    if (special === undefined) return undefined;
    if (special.kind === 'fifo') return { ...common, type: 'fifo' };
    return { ...common, type: special.kind, device: [special.major, special.minor] };
  }
  const file = content?.from === 'disk' ? content.file : undefined;
  return {
    ...common,
    type: 'file',
    size,
    ...(file === undefined ? {} : { file }),
    ...(sha === undefined ? {} : { sha }),
    ...(capability && { xattrs: { 'security.capability': Buffer.from(capability, 'base64') } }),
  };
}

/** The entries with one of those that are the same file, the first by name, and the others as hardlinks to it. */
function linked(
  entries: ReadonlyMap<string, KnownEntry>,
  nodeAt: (path: string) => Node | undefined,
): KnownEntry[] {
  const first = new Map<string, string>();
  const groupOf = (path: string, { type, sha, mode, uid, gid, mtime }: KnownEntry) => {
    const group = type === 'file' ? nodeAt(path)?.hardlink : undefined;
    return group === undefined || sha === undefined
      ? undefined
      : [group, sha, mode, uid, gid, mtime].join(' ');
  };
  for (const [path, entry] of entries) {
    const group = groupOf(path, entry);
    if (group === undefined) continue;
    const before = first.get(group);
    if (before === undefined || path < before) first.set(group, path);
  }
  return [...entries].map(([path, entry]) => {
    const target = first.get(groupOf(path, entry) ?? '');
    if (target === undefined || target === path) return entry;
    const { mode, uid, gid, mtime } = entry;
    return { path, type: 'hardlink', linkTarget: target, mode, uid, gid, mtime };
  });
}

function recipe(entry: KnownEntry): unknown[] {
  const { path, type, mode, uid, gid, mtime, linkTarget, sha, size, device, xattrs } = entry;
  const common = [path, type, mode, uid, gid, mtime, linkTarget ?? '', sha ?? '', size ?? 0];
  const attributes = Object.entries(xattrs ?? {}).map(([name, value]) => [
    name,
    Buffer.from(value).toString('hex'),
  ]);
  return device === undefined && attributes.length === 0 ? common : [...common, device ?? [], attributes];
}
