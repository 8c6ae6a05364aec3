import type { TarBody, TarHeader } from '../../image/read-tar.ts';
import type { Layer } from '../../image/types.ts';
import type { InLayer, Node } from '../tree.ts';
import { badLayer, eachEntry } from './layer-index.ts';
import { keyOf, type Store } from './store.ts';

/** Brings the bytes of files that are still in layers onto this machine, each layer read once. */
export async function fetchFiles(nodes: Iterable<Node>, store: Store, signal?: AbortSignal): Promise<void> {
  const wanted = new Map<string, Node[]>();
  for (const node of nodes) {
    if (node.content?.from !== 'layer' || (await isKept(node, store))) continue;
    const key = node.content.layer.descriptor.digest;
    wanted.set(key, [...(wanted.get(key) ?? []), node]);
  }
  for (const group of wanted.values()) await fetchFrom(group, store, signal);
}

/** Sees to it that the hashes of files in layers are known; bytes that nobody needs for that stay where they are. */
export async function hashFiles(nodes: Iterable<Node>, store: Store, signal?: AbortSignal): Promise<void> {
  const unknown: Node[] = [];
  for (const node of nodes) {
    if (node.content?.from !== 'layer' || node.sha !== undefined) continue;
    if (!(await isKept(node, store)) && node.sha === undefined) unknown.push(node);
  }
  await fetchFiles(unknown, store, signal);
}

async function isKept(node: Node, store: Store): Promise<boolean> {
  if (node.content?.from !== 'layer') return true;
  const key = extractedKey(node.content.layer, node.content);
  const sha = node.sha ?? (await store.read<string>('extracted', key));
  if (sha === undefined) return false;
  if (await store.touch(sha)) {
    Object.assign(node, { sha, content: { from: 'disk', file: store.file(sha) } });
    return true;
  }
  // Where it was copied to is a smaller layer than the base that it came from.
  const place = node.sha === undefined ? await store.shared?.place('extracted', key, sha) : undefined;
  if (place !== undefined) Object.assign(node, { sha, content: { from: 'layer', ...place } });
  return false;
}

/** The record of what a file of a layer is. Most paths come once, and have the key that they always had. */
function extractedKey({ descriptor }: Layer, { path, nth = 0 }: InLayer): string {
  return nth === 0 ? keyOf(descriptor.digest, path) : keyOf(descriptor.digest, path, nth);
}

/** Names an entry of a layer; no path has a zero byte. */
export function entryName({ path, nth = 0 }: InLayer): string {
  return `${path}\0${nth}`;
}

async function fetchFrom(nodes: Node[], store: Store, signal: AbortSignal | undefined): Promise<void> {
  const contents = nodes.flatMap(({ content }) => (content?.from === 'layer' ? [content] : []));
  const [first] = contents;
  if (first === undefined) return;
  const missing = new Map(contents.map((content) => [entryName(content), content.path]));
  const kept = new Map<string, string>();
  // To its end, even when there is nothing more to find: only then is it known to be the layer that it is called.
  const visit = async (path: string, { type }: TarHeader, body: TarBody, nth: number) => {
    const name = entryName({ path, nth });
    if (type === 'file' && missing.delete(name)) kept.set(name, (await store.keep(body.stream())).sha);
  };
  await eachEntry(first.layer, visit, signal);
  const [lost] = missing.values();
  if (lost === undefined) return found(nodes, first.layer, kept, store);
  throw badLayer(first.layer, `it does not hold ${lost}, which its index lists`, 'empty the builder cache');
}

function found(nodes: Node[], layer: Layer, kept: ReadonlyMap<string, string>, store: Store): void {
  for (const node of nodes) {
    const { content } = node;
    const sha = content?.from === 'layer' ? kept.get(entryName(content)) : undefined;
    if (content?.from !== 'layer' || sha === undefined) continue;
    if (node.sha === undefined) store.write('extracted', extractedKey(layer, content), sha);
    else if (node.sha !== sha)
      throw badLayer(layer, 'a file in it is not the one that is recorded', 'empty the builder cache');
    Object.assign(node, { sha, content: { from: 'disk', file: store.file(sha) } });
  }
}
