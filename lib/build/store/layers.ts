import { openBlob } from '../../image/blob-store.ts';
import type { Entry } from '../../image/entry.ts';
import { writeLayer } from '../../image/layer.ts';
import type { Descriptor, Digest, Layer } from '../../image/types.ts';
import { refuseChanged } from '../copy/unchanged.ts';
import { type Change, join, type Node, nameOf, parentOf, type Tree } from '../tree.ts';
import { fetchFiles } from './fetch.ts';
import { keyOfRows, type Store } from './store.ts';
import { publishedTime, type Times } from './times.ts';

/** Fast: what compresses well, compresses well at once, and a changed binary travels soon. */
const GZIP_LEVEL = 1;

/** Raise when the same entries come to other bytes than before: with the cache and without, the digest is one. */
const REVISION = 3;

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
  { noCache, times, signal }: { noCache: boolean; times: Times; signal?: AbortSignal },
): Promise<Layer> {
  // At once: the tree goes on to change while the layer is made.
  const nodes = withTimes(layerNodes(changes, tree), times);
  const key = keyOfRows(['layer', GZIP_LEVEL, REVISION], entriesOf(nodes), recipe);
  const kept = noCache ? undefined : await store.read<KeptLayer>('layers', key);
  const layer = (kept && (await keptLayer(kept, store))) ?? (await writeNew(nodes, store, key, signal));
  store.shared?.holds(layer, filesIn(nodes));
  return layer;
}

function* filesIn(nodes: LayerNodes): Generator<readonly [sha: string, path: string]> {
  for (const { sha, path } of entriesOf(nodes)) if (sha !== undefined) yield [sha, path];
}

async function keptLayer(kept: KeptLayer, store: Store): Promise<Layer | undefined> {
  const { digest, size } = kept.descriptor;
  if (await store.touchBlob(digest, size)) return { ...kept, open: openBlob(store.blobs, digest) };
  return store.shared?.layer(kept);
}

async function writeNew(
  nodes: LayerNodes,
  store: Store,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Layer> {
  await fetchFiles(nodesIn(nodes), store, signal);
  const options = { gzipLevel: GZIP_LEVEL, ...(signal && { signal }) };
  const layer = await writeLayer(entriesOf(nodes), store.blobs, options);
  // A layer whose files are not what their hashes say must not be taken for them by anyone.
  refuseChanged(nodes.values());
  const record: KeptLayer = { descriptor: layer.descriptor, diffID: layer.diffID };
  store.write('layers', key, record);
  return layer;
}

function* nodesIn(nodes: LayerNodes): Generator<Node> {
  for (const node of nodes.values()) if (node !== undefined) yield node;
}

type KnownEntry = Entry & { sha?: string };

/** What a layer holds by path; nothing where a path is gone. */
type LayerNodes = ReadonlyMap<string, Node | undefined>;

/** What is gone, and changed nodes with the directories above them; `tree` is that of after the changes. */
function layerNodes(changes: readonly Change[], tree: Tree): LayerNodes {
  const nodes = new Map<string, Node | undefined>();
  for (const { path, node } of changes) {
    // Those above what is there already are there as well.
    for (let above = parentOf(path); above !== '' && !nodes.has(above); above = parentOf(above)) {
      const directory = tree.get(above);
      // Of `something` only the base knows what it is: unpacked alone it would be missing, written it might be wrong.
      const isKnown = directory !== undefined && directory.assumed !== 'something';
      if (isKnown) nodes.set(above, { ...directory });
    }
    if (node !== undefined) nodes.set(path, node);
    else if (tree.get(path) === undefined) nodes.set(path, undefined);
  }
  return nodes;
}

/** The nodes are those of the tree, which are not changed. */
function withTimes(nodes: LayerNodes, times: Times): LayerNodes {
  if (times === 'given') return nodes;
  const timed = new Map<string, Node | undefined>();
  for (const [path, node] of nodes) timed.set(path, node && { ...node, mtime: publishedTime(node, times) });
  return timed;
}

/** Each made when it is asked for. Of names of one file the first has the bytes, the others are hardlinks to it. */
function* entriesOf(nodes: LayerNodes): Generator<KnownEntry> {
  const targets = linkTargets(nodes);
  for (const [path, node] of nodes) {
    const target = node?.hardlink === undefined ? undefined : targets.get(groupOf(node));
    const entry = node === undefined ? whiteout(path) : entryOf(path, node);
    if (entry === undefined) continue;
    if (target === undefined || target === path) yield entry;
    else {
      const { mode, uid, gid, mtime } = entry;
      yield { path, type: 'hardlink', linkTarget: target, mode, uid, gid, mtime };
    }
  }
}

function whiteout(path: string): KnownEntry {
  const name = join(parentOf(path), `.wh.${nameOf(path)}`);
  return { path: name, type: 'file', mode: 0, uid: 0, gid: 0, mtime: 0, size: 0 };
}

/** All that a tree holds, but for what has no place in a tar. */
export function treeEntries(tree: Tree): Iterable<Entry> {
  return entriesOf(new Map(tree.below('')));
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

/** The first names, in order, of files that have several here. */
function linkTargets(nodes: LayerNodes): Map<string, string> {
  const seen = new Set<string>();
  const several = new Set<string>();
  for (const node of nodes.values()) {
    if (node?.hardlink === undefined) continue;
    if (seen.has(node.hardlink)) several.add(node.hardlink);
    seen.add(node.hardlink);
  }
  const first = new Map<string, string>();
  for (const [path, node] of nodes) {
    if (node?.hardlink === undefined || node.type !== 'file' || !several.has(node.hardlink)) continue;
    if (node.sha === undefined) continue;
    const group = groupOf(node);
    const before = first.get(group);
    if (before === undefined || path < before) first.set(group, path);
  }
  return first;
}

/** Names of one file that were changed apart are others: in an image they could not be one. */
function groupOf({ hardlink, sha, mode, uid, gid, mtime }: Node): string {
  return [hardlink, sha, mode, uid, gid, mtime].join(' ');
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
