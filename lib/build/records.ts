import type { Store } from './store.ts';
import type { Change, Node } from './tree.ts';

/** A RUN's changes as they are kept: bytes by their hash alone. */
type KeptChange = [path: string, node?: Omit<Node, 'content'>];

/**
 * The changes that the same RUN made before, or nothing when they are not kept, or not wholly. Bytes that only a registry
 * has stay there until a step needs them.
 */
export async function readChanges(store: Store, key: string): Promise<Change[] | undefined> {
  const kept = await store.read<KeptChange[]>('steps', key);
  if (kept === undefined) return undefined;
  const changes: Change[] = [];
  for (const [path, node] of kept) {
    if (node == null) changes.push({ path });
    else if (node.sha === undefined) changes.push({ path, node });
    else if (await store.touch(node.sha)) {
      changes.push({ path, node: { ...node, content: { from: 'disk', file: store.file(node.sha) } } });
    } else {
      const place = await store.shared?.place('steps', key, node.sha);
      if (place === undefined) return undefined;
      changes.push({ path, node: { ...node, content: { from: 'layer', ...place } } });
    }
  }
  return changes;
}

/** Keeps a RUN's changes; the bytes of its files are in the store already. */
export function writeChanges(store: Store, key: string, changes: readonly Change[]): void {
  const kept = changes.map(({ path, node }): KeptChange => {
    if (node === undefined) return [path];
    const { content: _, ...known } = node;
    return [path, known];
  });
  store.write('steps', key, kept);
}
