import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { messageOf } from '../../lib/errors.ts';
import { phasesOf } from '../../lib/release/phases.ts';
import type { Release } from '../../lib/release/types.ts';
import type { Ending } from '../../lib/report/ending.ts';
import { tell } from '../../lib/report/story.ts';
import type { AppliedFacts } from '../../lib/rollout/request.ts';
import type { Claim } from './build.ts';
import type { Progress, Restored } from './progress.ts';
import { makeUndo } from './release.ts';
import { addressOf, type RolledOut, rollOut } from './roll-out.ts';
import { type Order, subjectOf } from './services.ts';
import { tellVerdict } from './tell.ts';

/** Brings back what was good, where `ending` leaves the environment neither at its commit nor at that. */
export async function restore(
  context: DurableContext,
  order: Order,
  progress: Progress,
  ending: Ending,
): Promise<Restored> {
  const { commit, fence, rolledOut, release } = progress;
  const leaves = ending.is === 'failed' || ending.is === 'refused' || ending.is === 'ignored';
  // What is unknown may be good: it is left to the next push, or to a person.
  if (!leaves || fence === undefined || rolledOut?.state === 'unknown') return { is: 'untouched' };
  return await bringBack(context, order, { commit, fence }, release, () => announce(order, progress));
}

/**
 * Brings back what was good as the claim says, in the place of `gone` where that is known; `announce` tells people first
 * why. Never throws.
 */
export async function bringBack(
  context: DurableContext,
  order: Order,
  claim: Claim,
  gone: Release | undefined,
  announce: () => void,
): Promise<Restored> {
  try {
    const undone = await makeUndo(context, order, claim, announce);
    if (undone.is === 'untouched' || undone.is === 'superseded') return undone;
    if (undone.is === 'made') {
      const { release } = undone;
      const notes: string[] = [];
      const hear = (facts: AppliedFacts) => notes.push(...(facts.notes ?? []));
      const restored = outcomeOf(
        await rollBackTo(context, order, claim, release, gone ?? release, hear),
        release,
      );
      return restored.is === 'back' && notes.length > 0 ? { ...restored, notes } : restored;
    }
    if (undone.begun === undefined) return { is: 'removed' };
    const about = { subject: subjectOf(order, claim.commit), release: undone.begun, fence: claim.fence };
    return outcomeOf(await rollOut(context, order, claim, { ...about, do: 'undo' }), undefined);
  } catch (error) {
    return { is: 'not-restored', reason: messageOf(error) };
  }
}

/**
 * At once where the pods of `back` are there still, or take the place of those that serve; else in its phases, so that
 * there are pods before requests go over to them. Nothing of it is watched: it was good.
 */
async function rollBackTo(
  context: DurableContext,
  order: Order,
  claim: Claim,
  back: Release,
  gone: Release,
  onApplied: (facts: AppliedFacts) => void,
): Promise<RolledOut> {
  const { commit, fence } = claim;
  const about = { subject: subjectOf(order, commit), fence };
  const phases = phasesOf(back);
  if (phases.length === 1)
    return await rollOut(context, order, claim, { ...about, do: 'undo', release: gone, back }, onApplied);
  let rolledOut: RolledOut = { state: 'unknown', reason: 'the release has no phases' };
  for (const phase of phases.keys()) {
    const request = { ...about, do: 'apply' as const, release: back, phase, back: true as const };
    rolledOut = await rollOut(context, order, claim, request, onApplied);
    if (rolledOut.state !== 'live') return rolledOut;
  }
  return rolledOut;
}

function outcomeOf(rolledOut: RolledOut, back: Release | undefined): Restored {
  switch (rolledOut.state) {
    case 'removed':
      return { is: 'removed' };
    case 'superseded':
      return { is: 'superseded' };
    case 'live':
      return back === undefined ? { is: 'removed' } : { is: 'back', release: back, ...addressOf(rolledOut) };
    case 'looked':
    case 'seen':
      return notRestored('the roll-out function answered another question', back);
    default:
      return notRestored(rolledOut.reason, back);
  }
}

function notRestored(reason: string, release: Release | undefined): Restored {
  return { is: 'not-restored', reason, ...(release === undefined ? {} : { release }) };
}

/** Tells that a release failed, before it is undone: what the pod logged comes with it. */
function announce(order: Order, { commit, release, rolledOut, bad }: Progress): void {
  if (bad !== undefined) tellVerdict(order, commit, bad);
  if (bad !== undefined || release === undefined || rolledOut?.state !== 'failed') return;
  const { reason, details } = rolledOut;
  const message = details === '' ? reason : `${reason}\n${details}`;
  const ms = Date.now() - Date.parse(release.createdAt);
  tell(subjectOf(order, commit), 'rollout.failed', message, { release: release.number, ms, reason });
}
