import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { messageOf } from '../../lib/errors.ts';
import { about } from '../../lib/log.ts';
import { NO_COMMIT } from '../../lib/push/no-commit.ts';
import type { Push } from '../../lib/push/types.ts';
import type { Ending } from '../../lib/report/ending.ts';
import { isBehind } from './behind.ts';
import { bringOut } from './bring-out.ts';
import { buildImage, type Claim } from './build.ts';
import { type Claimed, claimHead, type Known } from './claim.ts';
import { commentOn } from './comment.ts';
import { giveWay } from './give-way.ts';
import { lookForLateAlarm, takeBackFor } from './late-alarm.ts';
import { bringBackMissing, lookForLive } from './missing.ts';
import { step } from './patience.ts';
import { begin, type Progress } from './progress.ts';
import { makeRelease } from './release.ts';
import { restore } from './restore.ts';
import { subjectOf } from './services.ts';
import { type Settled, settle } from './settle.ts';
import { seenHeadOf } from './sight.ts';

/** How often a branch may move on while this execution is at work, before it leaves the head to the others. */
const ROUNDS = 20;

/**
 * Brings a branch's head to its environment: claim, build, release, roll out, bake, settle. What it has begun and does
 * not bring to be live, it undoes.
 */
export async function bringHead(context: DurableContext, asked: Push): Promise<Settled> {
  about(subjectOf(asked, asked.after));
  const push = asked.after === NO_COMMIT ? await atItsHead(context, asked) : asked;
  const progress = begin(push.after);
  const ending = await deploy(context, push, progress).catch((error: unknown) => unexpected(error, progress));
  const restored = await restore(context, push, progress, ending);
  const { ref, after: pushed, receivedAt } = push;
  const of = { ref, pushed, receivedAt, repository: push };
  const settled = await settle(context, push, of, { progress, ending, restored });
  if (ending.is === 'live') await heedLateAlarm(context, push, progress);
  await commentOn(context, push, ending, settled);
  return settled;
}

/** What is live by now may have set off an alarm that nobody heard. */
async function heedLateAlarm(context: DurableContext, push: Push, progress: Progress): Promise<void> {
  const { commit, fence, release, lookedLate } = progress;
  if (release === undefined || fence === undefined) return;
  const looking = () => lookForLateAlarm(context, push, { commit, fence }, { ...progress, release });
  const rung = lookedLate === undefined ? await looking() : lookedLate.rung;
  if (rung !== undefined) await takeBackFor(context, push, release, rung);
}

/** What goes wrong here goes wrong again when the head is claimed, and is told there. */
async function atItsHead(context: DurableContext, push: Push): Promise<Push> {
  const head = await step(context, 'head', () => seenHeadOf(push)).catch(() => undefined);
  return head?.is === 'found' ? { ...push, after: head.commit } : push;
}

async function deploy(context: DurableContext, push: Push, progress: Progress): Promise<Ending> {
  let known: Known = {};
  for (let round = 0; round < ROUNDS; round++) {
    const claim = await claimHead(context, push, progress.commit, { ...known, isFirst: round === 0 });
    note(progress, claim);
    if (claim.is === 'unchanged') {
      const found = await lookForLive(context, push, claim);
      if (found === 'missing') known = { ...known, missing: claim.live.release };
      if (found !== 'live') continue;
    }
    if (claim.is === 'missing') return await bringBackMissing(context, push, claim, progress);
    if (claim.is !== 'claimed') return endingOfClaim(push, claim);

    const ending = await bring(context, push, claim, progress);
    if (ending.is === 'moved') continue;
    if (ending.is !== 'superseded') return ending;
    const after = await giveWay(context, push, progress);
    if (after === undefined) return ending;
    known = { after };
  }
  return { is: 'superseded', by: 'pushes that came faster than they could be deployed' };
}

/** The commit that is claimed, from its source to the end of its bake. */
async function bring(
  context: DurableContext,
  push: Push,
  claim: Claim,
  progress: Progress,
): Promise<Ending | { is: 'moved' }> {
  const built = await buildImage(context, push, claim);
  if (built.outcome === 'superseded') return { is: 'superseded', by: built.by };
  if (built.outcome === 'failed') return { is: 'failed', reason: built.reason, blame: built.blame };

  const released = await makeRelease(context, push, claim, built);
  if (released.is === 'moved' || released.is === 'superseded') return released;
  if (released.is === 'failed') return { is: 'failed', reason: released.reason, blame: 'commit' };

  const { release } = released;
  const broughtOut = await bringOut(context, push, claim, Object.assign(progress, { release }));
  if (broughtOut.is === 'superseded') return { is: 'superseded', by: broughtOut.by ?? '' };
  return broughtOut;
}

function note(progress: Progress, claim: Claimed): void {
  progress.startedAt ??= claim.at;
  if (claim.is === 'superseded' || claim.is === 'gone' || claim.is === 'taken') return;
  progress.commit = claim.commit;
  if (claim.is === 'unchanged') {
    progress.joined = claim.waited;
    return;
  }
  if (claim.is === 'claimed') progress.claimed.push(claim.commit);
  else progress.joined = claim.is === 'refused' && claim.waited;
  if (claim.fence !== undefined) progress.fence = claim.fence;
}

function endingOfClaim(push: Push, claim: Exclude<Claimed, { is: 'claimed' | 'missing' }>): Ending {
  switch (claim.is) {
    case 'unchanged': {
      const { url } = claim.live;
      // It came to be live while this execution waited for it.
      return { is: claim.waited ? 'live' : 'unchanged', ...(url === undefined ? {} : { url }) };
    }
    case 'refused': {
      const { reason, at } = claim.bad;
      return claim.waited ? { is: 'failed', reason, blame: 'elsewhere' } : { is: 'refused', reason, at };
    }
    case 'superseded':
      return { is: 'superseded', by: claim.commit };
    case 'taken':
      return { is: 'failed', reason: claim.reason, blame: 'elsewhere' };
    case 'gone':
      return { is: 'ignored', why: whyGone(push) };
  }
}

function whyGone({ branch, fork, pullRequest }: Push): string {
  return fork === undefined
    ? `the branch ${branch} is gone`
    : `pull request ${pullRequest} is closed, or has moved on to a commit that waits for a word of its own`;
}

/** What nobody foresaw is not the commit's fault: it is not marked bad, and the next push tries again. */
function unexpected(error: unknown, progress: Progress): Ending {
  // What a ledger that is behind takes for its own to undo is what others have brought out.
  if (isBehind(error)) progress.rolledOut = { state: 'unknown', reason: messageOf(error) };
  return { is: 'failed', reason: messageOf(error), blame: 'elsewhere' };
}
