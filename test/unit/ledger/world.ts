import { EMPTY } from '../../../lib/ledger/state.ts';
import type { BadCommit, State } from '../../../lib/ledger/types.ts';
import { Execution, type Started } from './executions.ts';

/** A release as the world remembers it. */
export interface Remembered {
  number: number;
  commit: string;
  good: boolean;
}

/**
 * A small model of everything around the ledger: a branch whose head moves, a cluster that refuses lower fences,
 * and executions of deploy that are interleaved, repeated and cut off at each of their steps. A commit whose name says
 * `broken` cannot be built, one whose name says `bad` does not come up. People and alarms roll back, and take all away;
 * and what runs may vanish.
 */
export class World {
  now = 0;
  state: State = EMPTY;
  readonly bad = new Map<string, BadCommit>();
  /** All heads that the branch ever had; the last one is the head. */
  readonly heads: string[] = ['good-0'];
  /** What was written to the cluster, in order; `head` is the index in `heads` that the writer had read. */
  readonly writes: { fence: number; commit: string; head: number; undo: boolean }[] = [];
  /** The releases that were made: by whom, and which of their claims. */
  readonly made: { fence: number; purpose: string; number: number }[] = [];
  readonly releases = new Map<number, Remembered>();
  readonly executions: Execution[] = [];
  #vanished = 0;

  get head(): string {
    return this.heads.at(-1) ?? '';
  }

  get running(): string | undefined {
    return this.#vanished === this.writes.length ? 'nothing' : this.writes.at(-1)?.commit;
  }

  start(what: Started = { do: 'push' }): Execution {
    const execution = new Execution(this, `execution-${this.executions.length}`, what);
    this.executions.push(execution);
    return execution;
  }

  /** Somebody deletes what runs in the cluster. */
  vanish(): void {
    this.#vanished = this.writes.length;
  }

  write(entry: World['writes'][number]): boolean {
    if (entry.fence < (this.writes.at(-1)?.fence ?? 0)) return false;
    this.writes.push(entry);
    return true;
  }

  /** Replaces the state as the table does: only if it still is `seen`. */
  replace(seen: State, next: State): boolean {
    if (this.state.version !== seen.version) return false;
    this.state = { ...next, version: next === seen ? seen.version : seen.version + 1 };
    return true;
  }

  isBad(commit: string): boolean {
    return this.bad.has(commit) || this.state.condemned?.commit === commit;
  }
}
