import {
  type Decided,
  decideClaim,
  decideRelease,
  decideRenew,
  decideSettle,
  decideUndo,
  EMPTY,
  type Settlement,
} from '../../../lib/ledger/claims.ts';
import type { BadCommit, State } from '../../../lib/ledger/types.ts';

/**
 * A small model of everything around the ledger: a branch whose head moves, a cluster that refuses lower fences,
 * and executions of deploy that are interleaved, repeated and cut off at each of their steps. A commit whose name says
 * `broken` cannot be built, one whose name says `bad` does not come up.
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
  readonly executions: Execution[] = [];

  get head(): string {
    return this.heads.at(-1) ?? '';
  }

  get running(): string | undefined {
    return this.writes.at(-1)?.commit;
  }

  start(): Execution {
    const execution = new Execution(this, `execution-${this.executions.length}`);
    this.executions.push(execution);
    return execution;
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
}

type Step = 'read' | 'claim' | 'build' | 'look' | 'release' | 'apply' | 'judge' | 'undo' | 'settle' | 'done';

/** One execution of deploy; `advance` takes one step of it, which other executions' steps may come before and after. */
export class Execution {
  step: Step = 'read';
  outcome = '';
  readonly name: string;
  readonly #world: World;
  #seen: State = EMPTY;
  #head = 0;
  #commit = '';
  #fence = 0;
  #release = 0;
  #until = 0;
  #runs: Settlement['runs'];

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
  }

  /** Whether it may be writing to the cluster: it was given a lease that has not expired. */
  get holding(): boolean {
    const rolling = this.step === 'apply' || this.step === 'judge' || this.step === 'undo';
    return rolling && this.#until > this.#world.now;
  }

  /** `repeat`: the step is cut off after it took effect, so it will be taken again. */
  advance(repeat = false): void {
    const next = this[this.step]();
    // What was read, but never kept, is not repeated: reading starts anew.
    if (!repeat) this.step = next;
    else if (this.step === 'claim') this.step = 'read';
  }

  done(): Step {
    return 'done';
  }

  read(): Step {
    this.#seen = this.#world.state;
    return 'claim';
  }

  claim(): Step {
    const world = this.#world;
    this.#head = world.heads.length - 1;
    this.#commit = world.head;
    const { answer, next } = decideClaim(this.#seen, {
      execution: this.name,
      delivery: this.name,
      commit: this.#commit,
      bad: world.bad.get(this.#commit),
      now: world.now,
    });
    if (answer.is === 'busy') return 'read';
    if ((next !== undefined || answer.is !== 'claimed') && !world.replace(this.#seen, next ?? this.#seen)) {
      return 'read';
    }
    this.outcome = answer.is;
    if (answer.is === 'unchanged') return 'settle';
    this.#fence = answer.fence ?? this.#fence;
    if (answer.is === 'refused') return answer.fence === undefined ? 'settle' : 'undo';
    return 'build';
  }

  build(): Step {
    return this.#commit.startsWith('broken') ? this.#fail() : 'look';
  }

  /** The head is read once more, right before the release. */
  look(): Step {
    return this.#world.head === this.#commit ? 'release' : 'read';
  }

  release(): Step {
    const { now } = this.#world;
    const answer = this.#decide((state) => decideRelease(state, { fence: this.#fence, now }));
    if (answer.is === 'superseded') return this.#end('superseded');
    if (answer.is === 'held') return 'release';
    this.#release = answer.number;
    this.#world.made.push({ fence: this.#fence, purpose: 'deploy', number: answer.number });
    return 'apply';
  }

  apply(): Step {
    const write = { fence: this.#fence, commit: this.#commit, head: this.#head, undo: false };
    if (!this.#world.write(write)) return this.#end('superseded');
    return 'judge';
  }

  judge(): Step {
    const { now } = this.#world;
    const answer = this.#decide((state) => decideRenew(state, { fence: this.#fence, now }));
    if (answer.is === 'superseded') return this.#end('superseded');
    if (this.#commit.startsWith('bad')) return this.#fail();
    this.outcome = 'live';
    this.#runs = { release: this.#release, commit: this.#commit };
    return 'settle';
  }

  #fail(): Step {
    this.#world.bad.set(this.#commit, { commit: this.#commit, reason: 'crashed', at: '' });
    this.outcome = 'failed';
    return 'undo';
  }

  undo(): Step {
    const { now } = this.#world;
    const answer = this.#decide((state) => decideUndo(state, { fence: this.#fence, now }));
    if (answer.is === 'held') return 'undo';
    if (answer.is === 'superseded' || answer.is === 'untouched') return 'settle';
    const good = answer.is === 'made' ? answer.good.commit : 'nothing';
    if (answer.is === 'made')
      this.#world.made.push({ fence: this.#fence, purpose: 'undo', number: answer.number });
    const write = { fence: this.#fence, commit: good, head: this.#head, undo: true };
    if (!this.#world.write(write)) return this.#end('superseded');
    this.#runs = answer.is === 'made' ? { release: answer.number, commit: good } : 'nothing';
    return 'settle';
  }

  settle(): Step {
    const runs = this.#runs === undefined ? {} : { runs: this.#runs };
    if (this.#fence > 0) this.#decide((state) => decideSettle(state, { fence: this.#fence, ...runs }));
    return 'done';
  }

  #end(outcome: string): Step {
    this.outcome = outcome;
    return 'settle';
  }

  #decide<A>(decide: (state: State) => Decided<A>): A {
    const seen = this.#world.state;
    const { answer, next } = decide(seen);
    if (next !== undefined) this.#world.replace(seen, next);
    if (next?.lease?.fence === this.#fence) this.#until = next.lease.until;
    return answer;
  }
}
