import { mkdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { removeTree } from '../../sandbox/remove-tree.ts';
import type { SandboxRoot } from '../../sandbox/run.ts';
import type { Change, Tree } from '../tree.ts';
import { look, type Seen } from './look.ts';
import type { DiskTools, SandboxDisk, SandboxStage } from './sandbox-disk.ts';
import { changed } from './snapshot.ts';
import { unpackTree, writePaths } from './unpack.ts';

/** As in go-disk.ts: a second write within less than this may leave the same times. */
const TICK_MS = 10;

/** A stage's root written out as a whole, and compared before and after each command: where there is no overlay. */
export class PlainDisk implements SandboxDisk {
  readonly directory: string;
  readonly #tools: DiskTools;
  readonly #top: string;
  #isWritten = false;
  #applied = 0;
  #seen = new Map<string, Seen>();

  constructor(tools: DiskTools) {
    this.#tools = tools;
    this.directory = tools.directory;
    this.#top = `${tools.directory}/root`;
  }

  async prepare(stage: SandboxStage): Promise<SandboxRoot> {
    const { bases, directory, ability, signal } = this.#tools;
    const fresh = stage.changes.slice(this.#applied);
    const paths = new Set(fresh.map(({ path }) => path));
    await bases.fetch([...paths].flatMap((path) => stage.tree.get(path) ?? []));
    if (this.#isWritten) {
      for (const { path, node } of fresh) if (node === undefined) removeTree(`${this.#top}/${path}`);
      await writePaths(this.#top, paths, stage.tree, ability.as);
    } else {
      removeTree(directory);
      mkdirSync(directory, { recursive: true });
      await unpackTree(stage.tree, this.#top, ability.as, signal);
      this.#isWritten = true;
    }
    mkdirSync(`${directory}/staging`, { recursive: true });
    this.#applied = stage.changes.length;
    this.#seen = look(this.#top);
    await setTimeout(TICK_MS);
    return { kind: 'directory', path: this.#top, capabilities: `${directory}/capabilities` };
  }

  async changes(tree: Tree, mtime: number): Promise<Change[]> {
    const { store, ability, directory } = this.#tools;
    const now = look(this.#top);
    const removed = topmost([...this.#seen.keys()].filter((path) => !now.has(path) && tree.get(path)));
    const made = await changed({
      top: this.#top,
      before: this.#seen,
      now,
      tree,
      mtime,
      as: ability.as,
      capabilities: `${directory}/capabilities`,
      store,
    });
    const changes = [...removed, ...made];
    this.#applied += changes.length;
    return changes;
  }

  remove(): void {
    removeTree(this.#tools.directory);
  }
}

function topmost(removed: string[]): Change[] {
  const paths = new Set(removed);
  const isBelow = (path: string) => {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      if (paths.has(path.slice(0, at))) return true;
    return false;
  };
  return removed.filter((path) => !isBelow(path)).map((path) => ({ path }));
}
