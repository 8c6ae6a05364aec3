import { lstatSync, type Stats } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Able } from '../../sandbox/ability.ts';
import { readCapabilities } from '../../sandbox/capabilities.ts';
import { linkAt } from '../names.ts';
import type { Store } from '../store/store.ts';
import type { Change, Node, Special, Tree } from '../tree.ts';
import { keepFound } from './keep-found.ts';
import { MADE, readable, type Seen } from './look.ts';

/** Where a command worked, and how what it made is kept. */
export interface Snapshot {
  /** The directory that it changed. */
  top: string;
  before: ReadonlyMap<string, Seen>;
  now: ReadonlyMap<string, Seen>;
  /** What the stage had before. */
  tree: Tree;
  mtime: number;
  as: Able['as'];
  /** The tar of `security.capability` that the sandbox wrote. */
  capabilities: string;
  /** Keeps the bytes. */
  store: Store;
}

/** How many files are looked at before others get a turn. */
const AT_ONCE = 200;

/** What is new or other than before, its bytes kept. Sockets are nothing that an image could hold. */
export async function changed(snapshot: Snapshot): Promise<Change[]> {
  const { before, now, tree } = snapshot;
  const capabilities = await readCapabilities(snapshot.capabilities);
  const links = linksIn(now);
  const kept = new Map<bigint, Node>();
  const changes: Change[] = [];
  let looked = 0;
  const add = async (path: string, seen: Seen) => {
    if (before.get(path)?.stamp === seen.stamp) return;
    if (++looked % AT_ONCE === 0) await setImmediate();
    const group = links.get(seen.ino);
    const same = group === undefined ? undefined : kept.get(seen.ino);
    const node = same ?? (await nodeAt(path, snapshot, capabilities.get(path)));
    if (node === undefined) return;
    if (group !== undefined && same === undefined) {
      node.hardlink = group[0] as string;
      kept.set(seen.ino, node);
    }
    const isLinked = group?.some((name) => !isEqual(tree.get(name), node));
    if (isLinked || !isEqual(tree.get(path), node)) changes.push({ path, node: { ...node } });
  };
  for (const [path, seen] of now) await add(path, seen);
  return changes;
}

/** Files with several names here, in order, by their inode. */
function linksIn(now: ReadonlyMap<string, Seen>): Map<bigint, string[]> {
  const groups = new Map<bigint, string[]>();
  for (const [path, { ino, nlink, kind }] of now) {
    if (nlink < 2 || kind !== 'file') continue;
    const names = groups.get(ino) ?? [];
    names.push(path);
    groups.set(ino, names);
  }
  for (const [ino, names] of groups) {
    if (names.length < 2) groups.delete(ino);
    else names.sort();
  }
  return groups;
}

async function nodeAt(
  path: string,
  { top, as, tree, mtime, store }: Snapshot,
  capability: string | undefined,
): Promise<Node | undefined> {
  const file = `${top}/${path}`;
  const stat = lstatSync(file);
  const before = tree.get(path);
  // To an ordinary user all files belong, whoever they are in the tree; what is new is the namespace's root's.
  const asUser = { uid: before?.uid ?? 0, gid: before?.gid ?? 0 };
  const owner = as === 'user' ? asUser : { uid: stat.uid, gid: stat.gid };
  const common = { mode: stat.mode & 0o7777, ...owner, mtime, size: 0 };
  if (stat.isDirectory()) return { ...common, type: 'directory' };
  if (stat.isSymbolicLink()) return { ...common, mode: 0o777, type: 'symlink', link: linkAt(file, MADE) };
  if (!stat.isFile()) {
    const special = specialOf(stat);
    return special === undefined ? undefined : { ...common, type: 'other', special };
  }
  const sha = await readable(file, () => keepFound(store, file, stat.size), 0o400);
  const node: Node = {
    ...common,
    type: 'file',
    size: stat.size,
    sha,
    content: { from: 'disk', file: store.file(sha) },
  };
  return capability === undefined ? node : { ...node, capability };
}

/** Nothing for sockets, and for the mark of an overlay that a path is gone. */
function specialOf(stat: Stats): Special | undefined {
  if (stat.isFIFO()) return { kind: 'fifo' };
  if ((!stat.isCharacterDevice() && !stat.isBlockDevice()) || stat.rdev === 0) return undefined;
  // glibc, gnu_dev_major(3): the numbers are as wide as 32 bits, in two parts each.
  const rdev = BigInt(stat.rdev);
  const major = Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn));
  const minor = Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn));
  return { kind: stat.isBlockDevice() ? 'block' : 'character', major, minor };
}

function isEqual(before: Node | undefined, now: Node): boolean {
  if (before === undefined || before.type !== now.type) return false;
  if (before.uid !== now.uid || before.gid !== now.gid) return false;
  if (now.type === 'symlink') return before.link === now.link;
  if (before.mode !== now.mode || before.capability !== now.capability) return false;
  if (now.type === 'other') return JSON.stringify(before.special) === JSON.stringify(now.special);
  return now.type === 'directory' || before.sha === now.sha;
}
