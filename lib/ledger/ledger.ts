import { FairleadError } from '../errors.ts';
import type { Release } from '../release/types.ts';
import {
  type ClaimAnswer,
  type ClaimRequest,
  decideClaim,
  decideKeep,
  decideRelease,
  decideRenew,
  decideSettle,
  decideUndo,
  type Held,
  type KeepAnswer,
  type RenewAnswer,
  type SettleAnswer,
  type Settlement,
  type Superseded,
} from './claims.ts';
import { decideRemove, type RemoveAnswer, type RemoveRequest } from './interventions.ts';
import type { Listed } from './listing.ts';
import { Records } from './records.ts';
import { type RollingBack, type RollsBack, rollBack } from './roll-back.ts';
import type { BadCommit, Course, Environment, LastGood, State, Verdict } from './types.ts';

/** Which execution claims, and the git host's id of the event (or the request's) that started it. */
export interface Claimant {
  execution: string;
  delivery: string;
}

/** The lease is held, and the release kept. */
export interface Made {
  is: 'made';
  release: Release;
}

/**
 * What is known about environments: who may change them, their releases, verdicts and bad commits.
 *
 * One partition an environment, with three kinds of items, and one partition for the list of them:
 *
 * | sk               | what                                     | condition of each write, and what it holds            |
 * |------------------|------------------------------------------|-------------------------------------------------------|
 * | `state`          | claim, lease, numbers, last good         | `version` is the one decided on: newest wins and one  |
 * |                  | ({@link State}; claims.ts decides)       | rollout at a time, as claims.ts proves them           |
 * | `release#NUMBER` | a {@link Release}, its verdict and       | not there yet: a release never changes. The verdict:  |
 * |                  | {@link Course}                           | none yet, or the same                                 |
 * | `bad#COMMIT`     | {@link BadCommit}                        | not there yet: the first reason stays                 |
 * | `environment#…`  | {@link Listed}, in `environments`        | by no claim that is older than the one that wrote it  |
 *
 * All reads are consistent. Every call may be repeated after it was cut off anywhere, with the same outcome.
 * @throws FairleadError `ledger/unavailable` and `ledger/contended` (temporary), `ledger/release-too-large`
 */
export class Ledger extends Records {
  /**
   * Claims `environment` for the head that `readHead` finds; `gone` when it finds none. The head is read after the
   * state, and again whenever another claim came in between: the order of claims is that of the heads they saw.
   */
  async claim(
    environment: Environment,
    by: Claimant & Pick<ClaimRequest, 'missing' | 'after'>,
    readHead: () => Promise<string | undefined>,
  ): Promise<ClaimAnswer | { is: 'gone' }> {
    return await this.states.decide<ClaimAnswer | { is: 'gone' }>(environment, async (state) => {
      const commit = await readHead();
      if (commit === undefined) return { answer: { is: 'gone' } };
      const bad = await this.bad.get(environment, commit);
      const request: ClaimRequest = { ...by, commit, bad, now: this.now() };
      const decided = decideClaim(state, request);
      // An answer that rests on the state being so is confirmed by writing it as it is.
      const rests = decided.answer.is === 'unchanged' || decided.answer.is === 'refused';
      return rests ? { ...decided, next: decided.next ?? state } : decided;
    });
  }

  /**
   * Claims `environment` to go back to what was good before, and puts the commit that runs on record as bad, both in one
   * write. Nothing is claimed where there is nothing to go back to.
   */
  async rollBack(environment: Environment, by: Claimant, what: RollsBack): Promise<RollingBack> {
    const words = { states: this.states, releases: this.releases, bad: this.bad };
    const now = this.now();
    return await rollBack(words, environment, { ...by, ...what, now, expires: this.expiry() });
  }

  /** Claims `environment` to take all of it away, unless `isWanted`, which is asked after the state was read. */
  async remove(
    environment: Environment,
    by: Claimant & Pick<RemoveRequest, 'whileFence'>,
    isWanted: () => Promise<boolean>,
  ): Promise<RemoveAnswer | { is: 'wanted' }> {
    return await this.states.decide<RemoveAnswer | { is: 'wanted' }>(environment, async (state) =>
      (await isWanted()) ? { answer: { is: 'wanted' } } : decideRemove(state, { ...by, now: this.now() }),
    );
  }

  /** A sign of life of the claim `fence`; renews its lease, if it has one. */
  async renew(environment: Environment, fence: number): Promise<RenewAnswer> {
    return await this.states.decide(environment, (state) => decideRenew(state, { fence, now: this.now() }));
  }

  /**
   * Takes the lease for the claim `fence` and keeps the release that `make` gives for a number, beside the release that
   * serves. Repeated, it answers the release of the first time, whatever `make` would give now.
   */
  async release(
    environment: Environment,
    fence: number,
    make: (number: number, serving?: Release) => Release,
  ): Promise<Made | Held | Superseded> {
    const asking = { fence, now: this.now() };
    const answer = await this.states.decide(environment, (state) => decideRelease(state, asking));
    if (answer.is !== 'made') return answer;
    const { number, serving } = answer;
    const before = serving === undefined ? undefined : await this.releases.get(environment, serving);
    return made(await this.releases.keep(environment, make(number, before)));
  }

  /**
   * Takes the lease for the claim `fence` to undo what was begun and not seen to work. `made` is the release that `make`
   * gives to bring back the last good one, where `instead` is what serves and leaves no pods of it; without a good one,
   * what `begun` created has to go.
   */
  async undo(
    environment: Environment,
    fence: number,
    make: (good: Release, number: number, instead?: Release) => Release,
  ): Promise<Made | { is: 'none-good'; begun?: Release } | { is: 'untouched' } | Held | Superseded> {
    const asking = { fence, now: this.now() };
    const answer = await this.states.decide(environment, (state) => decideUndo(state, asking));
    if (answer.is === 'none-good') {
      const begun = await this.releases.get(environment, answer.begun);
      return { is: 'none-good', ...(begun === undefined ? {} : { begun }) };
    }
    if (answer.is !== 'made') return answer;
    const good = await this.releases.get(environment, answer.good.release);
    if (good === undefined) throw missing(environment, answer.good.release);
    const instead = answer.from === undefined ? undefined : await this.releases.get(environment, answer.from);
    return made(await this.releases.keep(environment, make(good, answer.number, instead)));
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
    const answer = await this.states.decide(environment, (state) => {
      replaced = state.live;
      return decideSettle(state, settlement);
    });
    for (const { number, verdict } of verdicts) {
      const late = answer.is === 'late' && verdict.is === 'live';
      await this.#judge(environment, number, late ? { is: 'superseded' } : verdict);
    }
    const { runs } = settlement;
    if (answer.is === 'settled') await this.#replace(environment, replaced, runs);
    return answer;
  }

  /**
   * Says what the claim `fence` has brought about, before it takes away what ran until then: the lease is kept, and
   * whoever comes after it finds what serves.
   */
  async keep(environment: Environment, fence: number, runs: LastGood): Promise<KeepAnswer> {
    let replaced: LastGood | undefined;
    const answer = await this.states.decide(environment, (state) => {
      replaced = state.live;
      return decideKeep(state, { fence, runs, now: this.now() });
    });
    if (answer.is === 'kept') await this.#replace(environment, replaced, runs);
    return answer;
  }

  async #replace(
    environment: Environment,
    before: LastGood | undefined,
    runs: Settlement['runs'],
  ): Promise<void> {
    if (before === undefined || typeof runs !== 'object' || before.release === runs.release) return;
    await this.releases.expire(environment, before.release, this.expiry());
  }

  /** What did not become live is kept for a while, for whoever asks why. */
  async #judge(environment: Environment, number: number, verdict: Verdict): Promise<void> {
    await this.releases.judge(
      environment,
      number,
      verdict,
      verdict.is === 'live' ? undefined : this.expiry(),
    );
  }

  /** Takes an environment that was removed by the claim `fence` off the list, and lets its items go in time. */
  async forget(environment: Environment, fence: number): Promise<void> {
    await this.listing.strike(environment, fence);
    await this.releases.expireAll(environment, this.expiry());
    await this.bad.expireAll(environment, this.expiry());
    await this.states.expire(environment, fence, this.expiry());
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
