import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { messageOf } from '../../lib/errors.ts';
import type { Push } from '../../lib/push/types.ts';
import type { Release } from '../../lib/release/types.ts';
import type { Ending } from '../../lib/report/ending.ts';
import { tell } from '../../lib/report/story.ts';
import type { Claim } from './build.ts';
import type { Progress, Restored } from './progress.ts';
import { makeUndo } from './release.ts';
import { addressOf, rollOut } from './roll-out.ts';
import { subjectOf } from './services.ts';

/** Brings back what was good, where `ending` leaves the environment neither at its commit nor at that. */
export async function restore(
  context: DurableContext,
  push: Push,
  progress: Progress,
  ending: Ending,
): Promise<Restored> {
  const { commit, fence, rolledOut } = progress;
  const leaves = ending.is === 'failed' || ending.is === 'refused' || ending.is === 'ignored';
  // What is unknown may be good: it is left to the next push, or to a person.
  if (!leaves || fence === undefined || rolledOut?.state === 'unknown') return { is: 'untouched' };
  try {
    return await undo(context, push, progress, { commit, fence });
  } catch (error) {
    return { is: 'not-restored', reason: messageOf(error) };
  }
}

async function undo(
  context: DurableContext,
  push: Push,
  progress: Progress,
  claim: Claim,
): Promise<Restored> {
  const undone = await makeUndo(context, push, claim, () => announce(push, progress));
  if (undone.is === 'untouched' || undone.is === 'superseded') return undone;
  const back = undone.is === 'made' ? undone.release : undefined;
  const release = undone.is === 'made' ? (progress.release ?? undone.release) : undone.begun;
  if (release === undefined) return { is: 'removed' };
  const about = { subject: subjectOf(push, claim.commit), release, fence: claim.fence };
  const request = { ...about, do: 'undo' as const, ...(back === undefined ? {} : { back }) };
  const rolledOut = await rollOut(context, push, claim, request);
  switch (rolledOut.state) {
    case 'removed':
      return { is: 'removed' };
    case 'superseded':
      return { is: 'superseded' };
    case 'live':
      return back === undefined
        ? { is: 'removed' }
        : { is: 'back', release: back, url: addressOf(rolledOut) };
    case 'looked':
      return notRestored('the roll-out function answered another question', back);
    default:
      return notRestored(rolledOut.reason, back);
  }
}

function notRestored(reason: string, release: Release | undefined): Restored {
  return { is: 'not-restored', reason, ...(release === undefined ? {} : { release }) };
}

/** Tells that the rollout failed, before it is undone: what the pod logged comes with it. */
function announce(push: Push, { commit, release, rolledOut }: Progress): void {
  if (release === undefined || rolledOut?.state !== 'failed') return;
  const { reason, details } = rolledOut;
  const message = details === '' ? reason : `${reason}\n${details}`;
  const ms = Date.now() - Date.parse(release.createdAt);
  tell(subjectOf(push, commit), 'rollout.failed', message, { release: release.number, ms, reason });
}
