import { utimesSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Change, Node } from '../tree.ts';
import type { Store } from './store.ts';

/** A RUN's changes as they are kept: bytes by their hash alone. */
type KeptChange = [path: string, node?: Omit<Node, 'content'>];

/** How many files are looked for before others get a turn. */
const AT_ONCE = 1000;

/**
 * The changes that the same RUN made before, or nothing when they are not kept, or not wholly. Bytes that only a registry
 * has stay there until a step needs them.
 */
export async function readChanges(store: Store, key: string): Promise<Change[] | undefined> {
  const kept = await store.read<KeptChange[]>('steps', key);
  if (kept === undefined) return undefined;
  const changes: Change[] = [];
  const now = new Date();
  let count = 0;
  for (const [path, node] of kept) {
    if (++count % AT_ONCE === 0) await setImmediate();
    if (node == null) changes.push({ path });
    else if (node.sha === undefined) changes.push({ path, node });
    else if (touched(store.file(node.sha), now)) {
      changes.push({ path, node: { ...node, content: { from: 'disk', file: store.file(node.sha) } } });
    } else {
      const place = await store.shared?.place('steps', key, node.sha);
      if (place === undefined) return undefined;
      changes.push({ path, node: { ...node, content: { from: 'layer', ...place } } });
    }
  }
  return changes;
}

// At once: by the thread pool it takes ten times as long for a RUN that made many files.
function touched(file: string, now: Date): boolean {
  try {
    utimesSync(file, now, now);
    return true;
  } catch {
    return false;
  }
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
