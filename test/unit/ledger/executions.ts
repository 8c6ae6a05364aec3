import {
  type Decided,
  decideClaim,
  decideRelease,
  decideRenew,
  decideSettle,
  decideUndo,
  type Settlement,
} from '../../../lib/ledger/claims.ts';
import { decideRemove, decideRollBack, releaseThatGoes } from '../../../lib/ledger/interventions.ts';
import { EMPTY } from '../../../lib/ledger/state.ts';
import type { State } from '../../../lib/ledger/types.ts';
import type { World } from './world.ts';

/** What an execution is started with. */
export type Started = { do: 'push' } | { do: 'roll-back' } | { do: 'remove' };

type Step =
  | 'read'
  | 'claim'
  | 'compare'
  | 'rollBack'
  | 'mark'
  | 'remove'
  | 'build'
  | 'look'
  | 'release'
  | 'apply'
  | 'judge'
  | 'undo'
  | 'settle'
  | 'done';

const CLAIMS = { push: 'claim', 'roll-back': 'rollBack', remove: 'remove' } as const;

/** One execution of deploy; `advance` takes one step of it, which other executions' steps may come before and after. */
export class Execution {
  step: Step = 'read';
  outcome = '';
  readonly name: string;
  readonly started: Started;
  readonly #world: World;
  #seen: State = EMPTY;
  #head = 0;
  #commit = '';
  #fence = 0;
  #release = 0;
  #until = 0;
  #missing: number | undefined;
  #after: number | undefined;
  #runs: Settlement['runs'];

  constructor(world: World, name: string, started: Started) {
    this.#world = world;
    this.name = name;
    this.started = started;
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
    else if (this.step === CLAIMS[this.started.do]) this.step = 'read';
  }

  done(): Step {
    return 'done';
  }

  read(): Step {
    this.#seen = this.#world.state;
    return CLAIMS[this.started.do];
  }

  claim(): Step {
    const world = this.#world;
    this.#head = world.heads.length - 1;
    this.#commit = world.head;
    const { answer, next } = decideClaim(this.#seen, {
      ...this.#by(),
      commit: this.#commit,
      bad: world.bad.get(this.#commit),
      ...(this.#missing === undefined ? {} : { missing: this.#missing }),
      ...(this.#after === undefined ? {} : { after: this.#after }),
    });
    if (answer.is === 'busy') return 'read';
    if ((next !== undefined || answer.is !== 'claimed') && !world.replace(this.#seen, next ?? this.#seen)) {
      return 'read';
    }
    this.outcome = answer.is;
    if (answer.is === 'unchanged') {
      this.#release = answer.live.release;
      return 'compare';
    }
    this.#fence = answer.fence ?? this.#fence;
    if (answer.is === 'missing') return 'undo';
    if (answer.is === 'refused') return answer.fence === undefined ? 'settle' : 'undo';
    return 'build';
  }

  /** What is said to run is looked for. */
  compare(): Step {
    if (this.#world.running === this.#commit) return 'settle';
    this.#missing = this.#release;
    return 'read';
  }

  rollBack(): Step {
    const world = this.#world;
    this.#head = world.heads.length - 1;
    const state = this.#seen;
    const { condemned } = state;
    if (condemned !== undefined) world.bad.set(condemned.commit, condemned);
    const past = [...world.releases.values()].reverse();
    const goes = past.find(({ number }) => number === releaseThatGoes(state));
    const stays =
      state.live !== undefined && state.live.release !== goes?.number && state.live.commit !== goes?.commit;
    const good = stays
      ? state.live
      : past.find(({ commit, good }) => good && commit !== goes?.commit && !world.isBad(commit));
    const possible = state.due?.is !== 'remove' && (goes !== undefined || state.live !== undefined);
    const { answer, next } = decideRollBack(state, {
      ...this.#by(),
      ...(goes && { bad: { commit: goes.commit, reason: 'alarm', at: '' } }),
      ...(possible &&
        good && { target: 'number' in good ? { release: good.number, commit: good.commit } : good }),
    });
    this.outcome = answer.is;
    if (answer.is !== 'claimed') return 'done';
    if (!world.replace(state, next ?? state)) return 'read';
    this.#fence = answer.fence;
    return 'mark';
  }

  mark(): Step {
    const { condemned } = this.#world.state;
    if (condemned !== undefined) this.#world.bad.set(condemned.commit, condemned);
    return 'undo';
  }

  remove(): Step {
    const world = this.#world;
    this.#head = world.heads.length - 1;
    const { answer, next } = decideRemove(this.#seen, this.#by());
    if (!world.replace(this.#seen, next ?? this.#seen)) return 'read';
    if (answer.is !== 'claimed') throw new Error(answer.is);
    this.outcome = 'removed';
    this.#fence = answer.fence;
    return 'undo';
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
    if (answer.is === 'superseded') return this.#superseded();
    if (answer.is === 'held') return 'release';
    this.#made('deploy', answer.number, this.#commit);
    return 'apply';
  }

  apply(): Step {
    const write = { fence: this.#fence, commit: this.#commit, head: this.#head, undo: false };
    if (!this.#world.write(write)) return this.#superseded();
    return 'judge';
  }

  /** All of watching: its pods become ready, and then it bakes. */
  judge(): Step {
    const { now } = this.#world;
    const answer = this.#decide((state) => decideRenew(state, { fence: this.#fence, now }));
    if (answer.is === 'superseded') return this.#superseded();
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
    if (answer.is === 'made') this.#made('undo', answer.number, good);
    const write = { fence: this.#fence, commit: good, head: this.#head, undo: true };
    if (!this.#world.write(write)) return this.#end('superseded');
    this.#runs = answer.is === 'made' ? { release: answer.number, commit: good } : 'nothing';
    return 'settle';
  }

  settle(): Step {
    this.#settle();
    return 'done';
  }

  #settle(): void {
    const runs = this.#runs;
    if (this.#fence === 0) return;
    this.#until = 0;
    const answer = this.#decide((state) =>
      decideSettle(state, { fence: this.#fence, ...(runs === undefined ? {} : { runs }) }),
    );
    const kept = typeof runs === 'object' ? this.#world.releases.get(runs.release) : undefined;
    if (answer.is === 'settled' && kept !== undefined) kept.good = true;
  }

  /** A newer push sees to the head. What came by a rollback or a removal does not: the head's turn is after it. */
  #superseded(): Step {
    const { claim } = this.#world.state;
    if (claim?.for === undefined) return this.#end('superseded');
    this.#runs = undefined;
    this.#settle();
    this.#after = claim.fence;
    return 'read';
  }

  #end(outcome: string): Step {
    this.outcome = outcome;
    return 'settle';
  }

  #made(purpose: string, number: number, commit: string): void {
    this.#release = number;
    this.#world.made.push({ fence: this.#fence, purpose, number });
    const known = this.#world.releases.get(number);
    if (known === undefined) this.#world.releases.set(number, { number, commit, good: false });
  }

  #by() {
    return { execution: this.name, delivery: this.name, now: this.#world.now };
  }

  #decide<A>(decide: (state: State) => Decided<A>): A {
    const seen = this.#world.state;
    const { answer, next } = decide(seen);
    if (next !== undefined) this.#world.replace(seen, next);
    if (next?.lease?.fence === this.#fence) this.#until = next.lease.until;
    return answer;
  }
}
