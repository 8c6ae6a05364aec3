import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { removeTree } from '../../sandbox/remove-tree.ts';
import type { SandboxRoot } from '../../sandbox/run.ts';
import { keyOf } from '../store/store.ts';
import { type Change, join, type Node, parentOf, Tree } from '../tree.ts';
import { type Level, Levels } from './levels.ts';
import { look, type Seen } from './look.ts';
import { findRoot, keepRoot } from './roots.ts';
import type { DiskTools, SandboxDisk, SandboxStage } from './sandbox-disk.ts';
import { changed } from './snapshot.ts';
import { unpackTree, writeOwn, writePaths } from './unpack.ts';
import { writeWhiteouts } from './write-nodes.ts';

/** As in go-disk.ts: a second write within less than this may leave the same times. */
const TICK_MS = 10;

type OverlayRoot = SandboxRoot & { kind: 'overlay' };

/**
 * A stage's root as a stack of directories: the base, unpacked once for all builds, and above it one for each command
 * that ran. A command's own is new each time, so that what is in it afterwards is what it changed; then it is a lower
 * one, and nobody writes there again.
 */
export class OverlayDisk implements SandboxDisk {
  readonly directory: string;
  readonly #tools: DiskTools;
  readonly #levels: Levels;
  /** Names of links to the lower directories, from the highest down. */
  #lowers: string[] = [];
  /** What the lower directories show, and its name. */
  #below = new Tree();
  #belowKey = '';
  #applied = 0;
  /** What was changed above the lower directories before the command. */
  #fresh: readonly Change[] = [];
  #seen = new Map<string, Seen>();

  constructor(tools: DiskTools) {
    this.#tools = tools;
    this.directory = tools.directory;
    this.#levels = new Levels(tools.store);
  }

  async prepare(stage: SandboxStage): Promise<SandboxRoot> {
    const { as } = this.#tools.ability;
    if (this.#lowers.length === 0) await this.#begin(stage);
    for (const name of ['upper', 'work']) removeTree(this.#at(name));
    for (const name of ['upper', 'work', 'merged', 'staging']) mkdirSync(this.#at(name), { recursive: true });
    writeOwn(this.#at('upper'), stage.tree.get('') as Node, as);
    this.#fresh = stage.changes.slice(this.#applied);
    await this.#write(this.#fresh, stage.tree);
    this.#applied = stage.changes.length;
    this.#seen = look(this.#at('upper'));
    if (this.#seen.size > 0) await setTimeout(TICK_MS);
    return this.#root();
  }

  async changes(tree: Tree, mtime: number): Promise<Change[]> {
    const now = look(this.#at('upper'));
    const removed = this.#removed(tree, now);
    const made = await changed({
      top: this.#at('upper'),
      before: this.#seen,
      now,
      tree,
      mtime,
      as: this.#tools.ability.as,
      capabilities: this.#root().capabilities,
      store: this.#tools.store,
    });
    const changes = [...removed, ...made];
    const all = [...this.#fresh, ...changes];
    this.#stack(await this.#levels.keep(this.#at('upper'), this.#belowKey, all));
    this.#below = tree.clone();
    this.#below.apply(changes);
    this.#applied += changes.length;
    return changes;
  }

  remove(): void {
    removeTree(this.#tools.directory);
  }

  #root(): OverlayRoot {
    return {
      kind: 'overlay',
      lowers: this.#lowers,
      directory: this.#tools.directory,
      listing: this.#at('listing'),
      capabilities: this.#at('capabilities'),
    };
  }

  /** The base, and above it what earlier builds kept of the same steps. */
  async #begin(stage: SandboxStage): Promise<void> {
    const { directory } = this.#tools;
    removeTree(directory);
    mkdirSync(directory, { recursive: true });
    this.#stack(await this.#unpackedBase(stage));
    const { levels, covered } = this.#levels.find(this.#belowKey, stage.changes, stage.ends);
    for (const level of levels) this.#stack(level);
    this.#below = stage.base.clone();
    this.#below.apply(stage.changes.slice(0, covered));
    this.#applied = covered;
  }

  // By short names: the options of a mount are a page at most.
  #stack({ key, directory }: Level): void {
    const name = `l${this.#lowers.length}`;
    symlinkSync(directory, this.#at(name));
    this.#lowers.unshift(name);
    this.#belowKey = key;
  }

  #at(name: string): string {
    return `${this.#tools.directory}/${name}`;
  }

  async #unpackedBase({ base, baseKey }: SandboxStage): Promise<Level> {
    const { store, ability, signal } = this.#tools;
    const key = keyOf(baseKey, ability.as, ROOTS_REVISION);
    const unpack = (directory: string) => unpackTree(base, directory, ability.as, signal);
    return { key, directory: findRoot(store, key) ?? (await keepRoot(store, key, unpack)) };
  }

  /** Writes what COPY and other steps changed since the last command. */
  async #write(fresh: readonly Change[], tree: Tree): Promise<void> {
    const { bases, ability, directory } = this.#tools;
    const paths = new Set(fresh.map(({ path }) => path));
    const nodes = [...paths].flatMap((path) => tree.get(path) ?? []);
    await bases.fetch(nodes);
    const removed = new Set(fresh.flatMap(({ path, node }) => (node === undefined ? [path] : [])));
    await writePaths(this.#at('upper'), paths, tree, ability.as);
    const gone = [...removed].flatMap((path) => [...this.#hidden(path, tree)]);
    for (const path of gone)
      if (parentOf(path) !== '')
        await writePaths(this.#at('upper'), [parentOf(path)], tree, ability.as, 'missing');
    await writeWhiteouts(this.#at('upper'), directory, gone, ability.as);
  }

  /** What the lower directories have at or below a path, and the stage has not: the highest of each. */
  *#hidden(path: string, tree: Tree): Generator<string> {
    const below = this.#below.get(path);
    if (below === undefined) return;
    const node = tree.get(path);
    if (node === undefined) {
      const parent = parentOf(path);
      if (parent === '' || tree.get(parent)?.type === 'directory') yield path;
    } else if (node.type === 'directory' && below.type === 'directory')
      for (const name of this.#below.names(path)) yield* this.#hidden(join(path, name), tree);
  }

  // What the tree has in a directory that was written to, and is not seen there any more.
  #removed(tree: Tree, now: ReadonlyMap<string, Seen>): Change[] {
    const merged = new Set(
      readFileSync(this.#at('listing'), 'utf8')
        .split('\0')
        .map((name) => name.slice(2)),
    );
    const removed: Change[] = [];
    for (const directory of ['', ...now.keys()]) {
      if (tree.get(directory)?.type !== 'directory') continue;
      if (directory !== '' && now.get(directory)?.kind !== 'directory') continue;
      for (const name of tree.names(directory)) {
        const path = join(directory, name);
        if (!merged.has(path) && !isLeftOut(tree.get(path))) removed.push({ path });
      }
    }
    return removed;
  }
}

/** Raise when bases are unpacked otherwise than before. */
const ROOTS_REVISION = 3;

/** What was not unpacked cannot have been removed. */
function isLeftOut(node: Node | undefined): boolean {
  return node?.type === 'other' && node.special?.kind !== 'fifo';
}
