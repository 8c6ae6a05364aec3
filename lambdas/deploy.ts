import { type DurableContext, withDurableExecution } from '@aws/durable-execution-sdk-js';
import { messageOf } from '../lib/errors.ts';
import { about } from '../lib/log.ts';
import type { Push } from '../lib/push/types.ts';
import type { Ending } from '../lib/report/ending.ts';
import { buildImage } from './deploy/build.ts';
import { type Claimed, claimHead } from './deploy/claim.ts';
import type { Progress } from './deploy/progress.ts';
import { makeRelease } from './deploy/release.ts';
import { restore } from './deploy/restore.ts';
import { addressOf, type RolledOut, rollOut } from './deploy/roll-out.ts';
import { subjectOf } from './deploy/services.ts';
import { type Settled, settle } from './deploy/settle.ts';

/** How often a branch may move on while this execution is at work, before it leaves the head to the others. */
const ROUNDS = 20;

/**
 * Brings a branch's head to its environment: claim, build, release, roll out, settle. Started once for each push. It is
 * durable: it sleeps at no cost while others work, goes on where it was after being cut off anywhere, and always comes
 * to an end that is told. What it has begun and does not bring to be live, it undoes.
 */
export const handler = withDurableExecution(async (push: Push, context: DurableContext): Promise<Settled> => {
  about(subjectOf(push, push.after));
  const progress: Progress = { commit: push.after, claimed: [], joined: false };
  const ending = await deploy(context, push, progress).catch(unexpected);
  const restored = await restore(context, push, progress, ending);
  return await settle(context, push, { progress, ending, restored });
});

async function deploy(context: DurableContext, push: Push, progress: Progress): Promise<Ending> {
  for (let round = 0; round < ROUNDS; round++) {
    const claim = await claimHead(context, push, progress.commit);
    note(progress, claim);
    if (claim.is !== 'claimed') return endingOfClaim(push, claim);

    const built = await buildImage(context, push, claim);
    if (built.outcome === 'superseded') return { is: 'superseded', by: built.by };
    if (built.outcome === 'failed') return { is: 'failed', reason: built.reason, blame: built.blame };

    const released = await makeRelease(context, push, claim, built);
    if (released.is === 'moved') continue;
    if (released.is === 'superseded') return released;
    if (released.is === 'failed') return { is: 'failed', reason: released.reason, blame: 'commit' };

    const { release } = released;
    progress.release = release;
    const subject = subjectOf(push, claim.commit);
    const rolledOut = await rollOut(context, push, claim, {
      do: 'apply',
      phase: 0,
      subject,
      release,
      fence: claim.fence,
    });
    progress.rolledOut = rolledOut;
    return endingOfRollout(rolledOut);
  }
  return { is: 'superseded', by: 'pushes that came faster than they could be deployed' };
}

function note(progress: Progress, claim: Claimed): void {
  progress.startedAt ??= claim.at;
  if (claim.is === 'superseded' || claim.is === 'gone') return;
  progress.commit = claim.commit;
  if (claim.is === 'claimed') progress.claimed.push(claim.commit);
  else progress.joined = claim.waited;
  if ('fence' in claim && claim.fence !== undefined) progress.fence = claim.fence;
}

function endingOfClaim(push: Push, claim: Exclude<Claimed, { is: 'claimed' }>): Ending {
  switch (claim.is) {
    case 'unchanged': {
      const url = claim.live.url ?? '';
      // It came to be live while this execution waited for it.
      return { is: claim.waited ? 'live' : 'unchanged', url };
    }
    case 'refused': {
      const { reason, at } = claim.bad;
      return claim.waited ? { is: 'failed', reason, blame: 'elsewhere' } : { is: 'refused', reason, at };
    }
    case 'missing':
    case 'superseded':
      return { is: 'superseded', by: claim.commit };
    case 'gone':
      return { is: 'ignored', why: whyGone(push) };
  }
}

function whyGone({ branch, fork, pullRequest }: Push): string {
  return fork === undefined
    ? `the branch ${branch} is gone`
    : `pull request ${pullRequest} is closed, or has moved on to a commit that waits for a word of its own`;
}

function endingOfRollout(rolledOut: RolledOut): Ending {
  switch (rolledOut.state) {
    case 'live':
      return { is: 'live', url: addressOf(rolledOut) };
    case 'failed':
      return { is: 'failed', reason: rolledOut.reason, blame: rolledOut.blame ?? 'commit' };
    case 'unknown':
      return { is: 'failed', reason: `unknown: ${rolledOut.reason}`, blame: 'elsewhere' };
    case 'superseded':
      return { is: 'superseded', by: rolledOut.by ?? '' };
    case 'removed':
    case 'looked':
      return { is: 'failed', reason: 'the release was removed while it was rolled out', blame: 'elsewhere' };
  }
}

/** What nobody foresaw is not the commit's fault: it is not marked bad, and the next push tries again. */
function unexpected(error: unknown): Ending {
  return { is: 'failed', reason: messageOf(error), blame: 'elsewhere' };
}
