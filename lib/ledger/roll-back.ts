import type { Release } from '../release/types.ts';
import type { BadCommits } from './bad-commits.ts';
import type { Decided } from './claims.ts';
import { targetAmong } from './good.ts';
import { decideRollBack, type Intervention, type RollBackAnswer, releaseThatGoes } from './interventions.ts';
import type { PastRelease, Releases } from './releases.ts';
import type { States } from './states.ts';
import type { BadCommit, Environment, LastGood, State } from './types.ts';

/** What a rollback is asked to do. */
export interface RollsBack {
  /** One line. */
  reason: string;
  /** A person, or the name of an alarm. */
  by: string;
  /** The release to go back to; the last good one before what runs when absent. */
  to?: number;
  /** Only while that release is live. */
  whileLive?: number;
}

export type RollingBack =
  /** `good` is to be brought back; `from` is the release that goes, `bad` its commit, unless it is going already. */
  | { is: 'claimed'; fence: number; good: LastGood; from?: Release; bad?: BadCommit }
  | { is: 'not-live'; live?: LastGood }
  | { is: 'none-good'; why: string };

/**
 * Far more than are ever looked at: the last good release is one of the last few, which are read first. To read more takes
 * seconds where releases are large, and a storm of alarms would ask for them again and again.
 */
const PAST = 200;
const FEW = 10;

interface Words {
  states: States;
  releases: Releases;
  bad: BadCommits;
}

/** Claims an environment for a rollback. `expires`: seconds since the epoch, of the release that goes. */
export async function rollBack(
  { states, releases, bad }: Words,
  environment: Environment,
  what: RollsBack & Intervention & { expires: number },
): Promise<RollingBack> {
  const at = new Date(what.now).toISOString();
  let why = '';
  let after: State | undefined;
  const answer = await states.decide(environment, async (state): Promise<Decided<RollBackAnswer>> => {
    // An alarm that comes late, and a repetition, need no target to be told so.
    const plain = decideRollBack(state, what);
    after = state;
    if (plain.answer.is !== 'none-good') return plain;
    // A rollback that was cut off may not have come to it, and this one is to be said in its place.
    if (state.condemned !== undefined) await bad.mark(environment, state.condemned);
    const marked = await bad.list(environment);
    const among = (past: readonly PastRelease[]) => {
      const goes = past.find(({ number }) => number === releaseThatGoes(state));
      return { past, goes, target: targetOf(state, past, marked, { goes, to: what.to }) };
    };
    let found = among(await releases.history(environment, FEW));
    const isEnough = 'good' in found.target && found.goes?.number === releaseThatGoes(state);
    if (!isEnough && found.past.length === FEW) found = among(await releases.history(environment, PAST));
    const { goes, target } = found;
    if ('why' in target) ({ why } = target);
    const reason = `rolled back by ${what.by}: ${what.reason}`;
    const decided = decideRollBack(state, {
      ...what,
      ...(goes === undefined ? {} : { bad: { commit: goes.commit, reason, at } }),
      ...('good' in target ? { target: target.good } : {}),
    });
    after = decided.next ?? state;
    return decided;
  });
  if (answer.is === 'none-good') return { is: 'none-good', why };
  if (answer.is === 'not-live') return answer;
  const { due, condemned } = after ?? {};
  const instead = due?.is === 'restore' ? due.instead?.release : undefined;
  const from = instead === undefined ? undefined : await releases.get(environment, instead);
  const taken = condemned !== undefined && condemned.commit === from?.commit ? condemned : undefined;
  if (taken !== undefined && instead !== undefined) {
    await bad.mark(environment, taken);
    await releases.takeBack(environment, instead, { reason: what.reason, by: what.by, at }, what.expires);
  }
  return { ...answer, ...(from && { from }), ...(taken && { bad: taken }) };
}

/** Where to go back to: what is live already where a newer release goes, or where it is being brought back. */
function targetOf(
  { live, due, claim }: State,
  past: readonly PastRelease[],
  bad: readonly BadCommit[],
  { goes, to }: { goes: PastRelease | undefined; to: number | undefined },
): { good: LastGood } | { why: string } {
  if (due?.is === 'remove' || (goes === undefined && live === undefined))
    return { why: claim === undefined ? 'nothing was deployed there yet' : 'nothing runs there' };
  const stays = live !== undefined && live.release !== goes?.number && live.commit !== goes?.commit;
  if (to === undefined && stays)
    return { good: { release: live.release, commit: live.commit, ...(live.url && { url: live.url }) } };
  const target = targetAmong(past, bad, { goes, to });
  return target.is === 'found' ? { good: target.good } : { why: target.why };
}
