import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { FairleadError } from '../errors.ts';
import type { Release } from '../release/types.ts';
import {
  type ClaimAnswer,
  type ClaimRequest,
  type Decided,
  decideClaim,
  decideRelease,
  decideRenew,
  decideSettle,
  decideUndo,
  EMPTY,
  type Held,
  type RenewAnswer,
  type SettleAnswer,
  type Settlement,
  type Superseded,
} from './claims.ts';
import { type PastRelease, Releases } from './releases.ts';
import { ABSENT, Table } from './table.ts';
import type { BadCommit, Claim, Environment, LastGood, State, Verdict } from './types.ts';

/** The lease is held, and the release kept. */
export interface Made {
  is: 'made';
  release: Release;
}

const DAY = 86_400;
/** Seconds that releases are kept after they were replaced or failed. The live one is kept. */
const KEPT = 180 * DAY;
const ATTEMPTS = 12;

/**
 * What is known about environments: who may change them, their releases, verdicts and bad commits.
 *
 * One partition an environment, three kinds of items:
 *
 * | sk               | what                                     | condition of each write, and what it holds            |
 * |------------------|------------------------------------------|-------------------------------------------------------|
 * | `state`          | claim, lease, numbers, last good         | `version` is the one decided on: newest wins and one  |
 * |                  | ({@link State}; claims.ts decides)       | rollout at a time, as claims.ts proves them           |
 * | `release#NUMBER` | a {@link Release} and its verdict        | not there yet: a release never changes. The verdict:  |
 * |                  |                                          | none yet, or the same                                 |
 * | `bad#COMMIT`     | {@link BadCommit}                        | not there yet: the first reason stays                 |
 *
 * All reads are consistent. Every call may be repeated after it was cut off anywhere, with the same outcome.
 * @throws FairleadError `ledger/unavailable` and `ledger/contended` (temporary), `ledger/release-too-large`
 */
export class Ledger {
  readonly #table: Table;
  readonly #releases: Releases;
  readonly #now: () => number;

  /** `now` gives ms since the epoch. */
  constructor(client: DynamoDBClient, table: string, now: () => number = Date.now) {
    this.#table = new Table(client, table);
    this.#releases = new Releases(this.#table);
    this.#now = now;
  }

  /**
   * Claims `environment` for the head that `readHead` finds; `gone` when it finds none. The head is read after the
   * state, and again whenever another claim came in between: the order of claims is that of the heads they saw.
   */
  async claim(
    environment: Environment,
    by: { execution: string; delivery: string },
    readHead: () => Promise<string | undefined>,
  ): Promise<ClaimAnswer | { is: 'gone' }> {
    return await this.#decide<ClaimAnswer | { is: 'gone' }>(environment, async (state) => {
      const commit = await readHead();
      if (commit === undefined) return { answer: { is: 'gone' } };
      const bad = await this.badCommit(environment, commit);
      const request: ClaimRequest = { ...by, commit, bad, now: this.#now() };
      const decided = decideClaim(state, request);
      // An answer that rests on the state being so is confirmed by writing it as it is.
      const rests = decided.answer.is === 'unchanged' || decided.answer.is === 'refused';
      return rests ? { ...decided, next: decided.next ?? state } : decided;
    });
  }

  /** The newest claim: whoever has a lower fence is superseded by it. */
  async newestClaim(environment: Environment): Promise<Claim | undefined> {
    return (await this.#state(environment)).claim;
  }

  /** A sign of life of the claim `fence`; renews its lease, if it has one. */
  async renew(environment: Environment, fence: number): Promise<RenewAnswer> {
    return await this.#decide(environment, (state) => decideRenew(state, { fence, now: this.#now() }));
  }

  /**
   * Takes the lease for the claim `fence` and keeps the release that `make` gives for a number. Repeated, it answers
   * the release of the first time, whatever `make` would give now.
   */
  async release(
    environment: Environment,
    fence: number,
    make: (number: number) => Release,
  ): Promise<Made | Held | Superseded> {
    const asking = { fence, now: this.#now() };
    const answer = await this.#decide(environment, (state) => decideRelease(state, asking));
    return answer.is === 'made' ? made(await this.#releases.keep(environment, make(answer.number))) : answer;
  }

  /**
   * Takes the lease for the claim `fence` to undo what was begun and not seen to work. `made` is the release that `make`
   * gives to bring back the last good one; without a good one, what `begun` created has to go.
   */
  async undo(
    environment: Environment,
    fence: number,
    make: (good: Release, number: number) => Release,
  ): Promise<Made | { is: 'none-good'; begun?: Release } | { is: 'untouched' } | Held | Superseded> {
    const asking = { fence, now: this.#now() };
    const answer = await this.#decide(environment, (state) => decideUndo(state, asking));
    if (answer.is === 'none-good') {
      const begun = await this.#releases.get(environment, answer.begun);
      return { is: 'none-good', ...(begun === undefined ? {} : { begun }) };
    }
    if (answer.is !== 'made') return answer;
    const good = await this.#releases.get(environment, answer.good.release);
    if (good === undefined) throw missing(environment, answer.good.release);
    return made(await this.#releases.keep(environment, make(good, answer.number)));
  }

  /**
   * Ends the claim `fence`: gives its lease back, says what the cluster runs now, where that is known, and records
   * the `verdicts` on releases, by their numbers.
   */
  async settle(
    environment: Environment,
    settlement: Settlement,
    verdicts: readonly { number: number; verdict: Verdict }[] = [],
  ): Promise<SettleAnswer> {
    let replaced: LastGood | undefined;
    const answer = await this.#decide(environment, (state) => {
      replaced = state.live;
      return decideSettle(state, settlement);
    });
    for (const { number, verdict } of verdicts) {
      const late = answer.is === 'late' && verdict.is === 'live';
      await this.#judge(environment, number, late ? { is: 'superseded' } : verdict);
    }
    const { runs } = settlement;
    const news = typeof runs === 'object' && answer.is === 'settled' && replaced?.release !== runs.release;
    if (news && replaced !== undefined) {
      await this.#releases.expire(environment, replaced.release, this.#expiry());
    }
    return answer;
  }

  /** What did not become live is kept for a while, for whoever asks why. */
  async #judge(environment: Environment, number: number, verdict: Verdict): Promise<void> {
    await this.#releases.judge(
      environment,
      number,
      verdict,
      verdict.is === 'live' ? undefined : this.#expiry(),
    );
  }

  #expiry(): number {
    return Math.floor(this.#now() / 1000) + KEPT;
  }

  /** Remembers that `environment` does not take a commit. Of several reasons the first stays. */
  async markBad(environment: Environment, bad: BadCommit): Promise<void> {
    await this.#table.put(environment, `bad#${bad.commit}`, { ...bad }, ABSENT);
  }

  async badCommit(environment: Environment, commit: string): Promise<BadCommit | undefined> {
    const item = await this.#table.get(environment, `bad#${commit}`);
    return item && { commit, reason: String(item.reason), at: String(item.at) };
  }

  /** Lets a commit be tried again. */
  async forgive(environment: Environment, commit: string): Promise<void> {
    await this.#table.delete(environment, `bad#${commit}`);
  }

  /** The last releases, the newest first. */
  async history(environment: Environment, limit: number): Promise<PastRelease[]> {
    return await this.#releases.history(environment, limit);
  }

  async #state(environment: Environment): Promise<State> {
    return ((await this.#table.get(environment, 'state')) as unknown as State | undefined) ?? EMPTY;
  }

  /** Reads, decides, writes; again when another execution wrote in between. */
  async #decide<A>(
    environment: Environment,
    decide: (state: State) => Decided<A> | Promise<Decided<A>>,
  ): Promise<A> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const state = await this.#state(environment);
      const { answer, next } = await decide(state);
      if (next === undefined || (await this.#replace(environment, state, next))) return answer;
      await new Promise((wake) => setTimeout(wake, Math.random() * 20 * 2 ** Math.min(attempt, 5)));
    }
    throw new FairleadError({
      code: 'ledger/contended',
      operation: `changing the state of ${environment.app}/${environment.name}`,
      cause: `others changed it first, ${ATTEMPTS} times in a row`,
      temporary: true,
    });
  }

  async #replace(environment: Environment, state: State, next: State): Promise<boolean> {
    const version = next === state ? state.version : state.version + 1;
    if (version === 0) return true;
    return await this.#table.put(
      environment,
      'state',
      { ...next, version },
      state.version === 0
        ? ABSENT
        : { ConditionExpression: 'version = :seen', ExpressionAttributeValues: { ':seen': state.version } },
    );
  }
}

function made(release: Release): Made {
  return { is: 'made', release };
}

function missing(environment: Environment, number: number): FairleadError {
  return new FairleadError({
    code: 'ledger/no-release',
    operation: `reading release ${number} of ${environment.app}`,
    cause: 'the ledger does not have it, though it names it',
    remedy: 'push a new commit: it is deployed without it',
  });
}
