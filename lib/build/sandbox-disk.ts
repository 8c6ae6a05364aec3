import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { Able } from '../sandbox/ability.ts';
import type { SandboxRoot } from '../sandbox/run.ts';
import type { Bases } from './bases.ts';
import { markUsed } from './prune.ts';
import { removeTree } from './remove.ts';
import { keyOf, type Store } from './store.ts';
import { type Change, join, type Node, parentOf, type Tree } from './tree.ts';
import { unpackTree, writeNode, writeOwn, writeParents } from './unpack.ts';

/** As in disk.ts: a second write within less than this may leave the same times. */
const TICK_MS = 10;

/** The stage as the sandbox's disk sees it. */
export interface SandboxStage {
  tree: Tree;
  /** The index of the base image's files alone. */
  base: Tree;
  /** Names the base. */
  baseKey: string;
  /** All that was changed on top of the base, in order. */
  changes: readonly Change[];
}

/**
 * A stage's root for commands in the sandbox. With overlay, the base is unpacked once for all builds and the changes
 * are what the upper directory holds; without, the whole root is written, and compared before and after.
 */
export class SandboxDisk {
  readonly #directory: string;
  readonly #store: Store;
  readonly #bases: Bases;
  readonly #ability: Able;
  readonly #signal: AbortSignal | undefined;
  #root: SandboxRoot | undefined;
  #applied = 0;
  #seen = new Map<string, string>();

  constructor(directory: string, store: Store, bases: Bases, ability: Able, signal?: AbortSignal) {
    this.#directory = directory;
    this.#store = store;
    this.#bases = bases;
    this.#ability = ability;
    this.#signal = signal;
  }

  /** Makes the root what the stage's tree says. */
  async prepare(stage: SandboxStage): Promise<SandboxRoot> {
    const fresh = stage.changes.slice(this.#applied);
    await this.#bases.fetch(fresh.flatMap(({ node }) => node ?? []));
    const needsWhole = fresh.some((change) => change.node === undefined || this.#isOnWhiteout(change));
    if (this.#root === undefined || needsWhole) this.#root = await this.#begin(stage, needsWhole);
    else await this.#write(fresh, stage.tree);
    this.#applied = stage.changes.length;
    this.#seen = this.#look();
    await setTimeout(TICK_MS);
    return this.#root;
  }

  /** What the command changed, its bytes kept in the store; to be called once after it. */
  async changes(tree: Tree, mtime: number): Promise<Change[]> {
    const now = this.#look();
    const changes = this.#removed(tree, now);
    for (const [path, stamp] of now) {
      if (this.#seen.get(path) === stamp) continue;
      const node = await this.#nodeAt(path, mtime, tree.get(path));
      if (node !== undefined && !isEqual(tree.get(path), node)) changes.push({ path, node });
    }
    this.#seen = now;
    this.#applied += changes.length;
    return changes;
  }

  /** Gives the disk space back; what the build needs of it is in the store. */
  remove(): void {
    removeTree(this.#directory);
  }

  // A directory made again where one was removed hides what was in that; only the overlay itself can say so on disk.
  #isOnWhiteout({ path, node }: Change): boolean {
    if (this.#root?.kind !== 'overlay') return false;
    const directories = node?.type === 'directory' ? [path] : [];
    for (let above = parentOf(path); above !== ''; above = parentOf(above)) directories.push(above);
    return directories.some((at) => {
      return lstatSync(`${this.#top}/${at}`, { throwIfNoEntry: false })?.isCharacterDevice() ?? false;
    });
  }

  async #begin(stage: SandboxStage, whole: boolean): Promise<SandboxRoot> {
    removeTree(this.#directory);
    mkdirSync(this.#directory, { recursive: true });
    const { overlay, as } = this.#ability;
    const root = `${this.#directory}/root`;
    if (!overlay || whole) await unpackTree(stage.tree, root, as, this.#signal);
    if (!overlay) return { kind: 'directory', path: root };
    for (const name of ['upper', 'work', 'merged']) mkdirSync(`${this.#directory}/${name}`);
    const lower = whole ? root : await this.#unpackedBase(stage);
    const at = (name: string) => `${this.#directory}/${name}`;
    await writeOwn(at('upper'), stage.tree.get('') as Node, as);
    this.#root = {
      kind: 'overlay',
      lowers: [lower],
      upper: at('upper'),
      work: at('work'),
      mountPoint: at('merged'),
      listing: at('listing'),
    };
    if (!whole) await this.#write(stage.changes, stage.tree);
    return this.#root;
  }

  async #unpackedBase({ base, baseKey }: SandboxStage): Promise<string> {
    const directory = this.#store.path('roots', keyOf(baseKey, this.#ability.as));
    if (!existsSync(directory)) await unpackTree(base, directory, this.#ability.as, this.#signal);
    markUsed(directory);
    return directory;
  }

  get #top(): string {
    return this.#root?.kind === 'overlay' ? this.#root.upper : `${this.#directory}/root`;
  }

  async #write(changes: readonly Change[], tree: Tree): Promise<void> {
    const { as } = this.#ability;
    // The last change of a path is what it is now.
    for (const path of new Set(changes.map((change) => change.path))) {
      const node = tree.get(path);
      if (node === undefined || node.type === 'other') continue;
      const target = `${this.#top}/${path}`;
      await writeParents(this.#top, path, tree, as);
      if (node.type !== 'directory') await rm(target, { recursive: true, force: true });
      await writeNode(target, node);
      await writeOwn(target, node, as);
    }
  }

  #look(): Map<string, string> {
    const found = new Map<string, string>();
    const walk = (path: string) => {
      for (const name of readable(`${this.#top}/${path}`, (at) => readdirSync(at), 0o500)) {
        const child = join(path, name);
        const stat = lstatSync(`${this.#top}/${child}`, { bigint: true });
        const { ino, size, mode, mtimeNs, ctimeNs, uid, gid, rdev } = stat;
        const isDirectory = stat.isDirectory();
        const times = isDirectory ? [] : [size, mtimeNs, ctimeNs];
        found.set(child, [ino, mode, uid, gid, rdev, ...times].join(':'));
        if (isDirectory) walk(child);
      }
    };
    walk('');
    return found;
  }

  // With overlay: what the tree has in a directory that was written to, and is not seen there any more.
  #removed(tree: Tree, now: Map<string, string>): Change[] {
    const removed: Change[] = [];
    if (this.#root?.kind !== 'overlay') {
      for (const path of this.#seen.keys())
        if (!now.has(path) && tree.get(path) !== undefined) removed.push({ path });
      return topmost(removed);
    }
    const merged = new Set(
      readFileSync(this.#root.listing, 'utf8')
        .split('\0')
        .map((name) => name.slice(2)),
    );
    for (const directory of ['', ...now.keys()]) {
      if (tree.get(directory)?.type !== 'directory') continue;
      if (!lstatSync(`${this.#top}/${directory}`).isDirectory()) continue;
      for (const name of tree.names(directory)) {
        const path = join(directory, name);
        if (!merged.has(path) && tree.get(path)?.type !== 'other') removed.push({ path });
      }
    }
    return removed;
  }

  async #nodeAt(path: string, mtime: number, before: Node | undefined): Promise<Node | undefined> {
    const file = `${this.#top}/${path}`;
    const stat = lstatSync(file);
    // To an ordinary user all files belong, whoever they are in the tree; what is new is the namespace's root's.
    const asUser = { uid: before?.uid ?? 0, gid: before?.gid ?? 0 };
    const owner = this.#ability.as === 'user' ? asUser : { uid: stat.uid, gid: stat.gid };
    const common = { mode: stat.mode & 0o7777, ...owner, mtime, size: 0 };
    if (stat.isDirectory()) return { ...common, type: 'directory' };
    if (stat.isSymbolicLink()) return { ...common, mode: 0o777, type: 'symlink', link: readlinkSync(file) };
    if (!stat.isFile()) return undefined;
    const { sha, size } = await readable(file, (at) => this.#store.keepFile(at), 0o400);
    return { ...common, type: 'file', size, sha, content: { from: 'disk', file: this.#store.file(sha) } };
  }
}

// An ordinary user's RUN may make what its owner may not read, being root in there.
function readable<T>(path: string, read: (path: string) => T, bits: number): T {
  const mode = lstatSync(path).mode & 0o7777;
  if ((mode & bits) === bits || process.getuid?.() === 0) return read(path);
  chmodSync(path, mode | bits);
  const answer = read(path);
  const restore = () => chmodSync(path, mode);
  if (answer instanceof Promise) return answer.finally(restore) as T;
  restore();
  return answer;
}

function topmost(removed: Change[]): Change[] {
  const paths = new Set(removed.map(({ path }) => path));
  return removed.filter(({ path }) => {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      if (paths.has(path.slice(0, at))) return false;
    }
    return true;
  });
}

function isEqual(before: Node | undefined, now: Node): boolean {
  if (before === undefined || before.type !== now.type) return false;
  if (before.uid !== now.uid || before.gid !== now.gid) return false;
  if (now.type === 'symlink') return before.link === now.link;
  return before.mode === now.mode && (now.type === 'directory' || before.sha === now.sha);
}
