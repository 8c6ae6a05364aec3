import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { messageOf } from '../../lib/errors.ts';
import type { ClaimRequest } from '../../lib/ledger/claims.ts';
import type { BadCommit, Claim, LastGood } from '../../lib/ledger/types.ts';
import { log } from '../../lib/log.ts';
import { isPreview } from '../../lib/push/place.ts';
import type { Origin, Push } from '../../lib/push/types.ts';
import type { Release } from '../../lib/release/types.ts';
import { brief } from '../../lib/report/brief.ts';
import { measure } from '../../lib/report/measure.ts';
import { METRICS } from '../../lib/report/metrics.ts';
import { tell } from '../../lib/report/story.ts';
import type { CommitStatus } from '../../lib/source/types.ts';
import { whoseInstead } from './owner.ts';
import { pause, step } from './patience.ts';
import { whyNoRoom } from './room.ts';
import { environmentOf, forgeOf, ledger, repositoryOf, subjectOf } from './services.ts';
import { seenHeadOf } from './sight.ts';

/** `at`: ms since the epoch. `waited`: another execution was at work on the same commit first. */
export type Claimed = { at: number; commit: string } & (
  | { is: 'claimed'; fence: number }
  /** `fence` is that of the newest claim, and `release` what is to be seen in the cluster, where it is on record. */
  | { is: 'unchanged'; live: LastGood; waited: boolean; fence: number; release?: Release }
  /** What should run does not: it has to be brought back. */
  | { is: 'missing'; fence: number; live: LastGood; waited: boolean }
  | { is: 'refused'; bad: BadCommit; fence?: number; waited: boolean }
  /** Another execution is at work on the head, which is not what was pushed. */
  | { is: 'superseded' }
  /** The app is another repository's, or has all the previews that it may have. */
  | { is: 'taken'; reason: string }
  | { is: 'gone' }
);

/** `first`: what the execution waits for comes before its commit, whatever that is. */
type Attempt =
  | Claimed
  | { is: 'busy'; commit: string; at: number; first: boolean }
  | { is: 'moved'; commit: string; at: number };

/** Seconds that a push's own event is given to arrive, before this execution deploys the new head itself. */
const GRACE = 3;
/** Seconds between two looks at another execution's work, the last one repeated. */
const LOOKS = [1, 1, 2, 3, 5, 10];
/** Far longer than a claim lasts without a sign of life, and far fewer operations than an execution may have. */
const MOST = 600;

/** What an earlier round has found out: see the ledger's ClaimRequest. */
export type Known = Pick<ClaimRequest, 'missing' | 'after'>;

/** `isFirst`: nothing was claimed before, so that the push has waited until now. */
type Asked = Known & { isFirst: boolean };

/**
 * Claims the branch's head, which may be another commit than the push told of: events come late, twice, in any order,
 * or never. While another execution is at work on the very commit, waits for how that ends.
 */
export async function claimHead(
  context: DurableContext,
  push: Push,
  expected: string,
  { isFirst, ...known }: Asked,
): Promise<Claimed> {
  const execution = context.executionContext.durableExecutionArn;
  let wanted = expected;
  let waited = false;
  for (let look = 0; look < MOST; look++) {
    const attempt = await step(context, 'claim', () =>
      claimOnce(push, { execution, wanted, waited, known, isFirst }),
    );
    if (attempt.is !== 'busy' && attempt.is !== 'moved') return attempt;
    if (attempt.is === 'moved') {
      wanted = attempt.commit;
      await pause(context, 'for the event of the new head', GRACE);
    } else {
      if (attempt.commit !== push.after && !attempt.first)
        return { is: 'superseded', commit: attempt.commit, at: attempt.at };
      waited = true;
      await pause(context, 'for the other deployment', LOOKS[look] ?? 10);
    }
  }
  throw new Error('another deployment of the commit did not come to its end');
}

interface How {
  execution: string;
  wanted: string;
  waited: boolean;
  known: Known;
  isFirst: boolean;
}

async function claimOnce(push: Push, { execution, wanted, waited, known, isFirst }: How): Promise<Attempt> {
  const at = Date.now();
  const taken = waited ? undefined : ((await whoseInstead(push)) ?? (await whyNoRoom(push)));
  if (taken !== undefined) {
    await showStatus(push, push.after, { state: 'error', description: taken });
    return { is: 'taken', reason: taken, commit: push.after, at };
  }
  let head: string | undefined;
  const by = { execution, delivery: push.delivery, ...known };
  const answer = await ledger.claim(environmentOf(push), by, async () => {
    const found = await seenHeadOf(push);
    head = found.is === 'found' ? found.commit : undefined;
    return head === wanted ? head : undefined;
  });
  if (head === undefined) return { is: 'gone', commit: push.after, at };
  const subject = subjectOf(push, head);
  const base = { commit: head, at };
  switch (answer.is) {
    case 'gone':
      return { is: 'moved', ...base };
    case 'busy':
      if (!waited) tellBusy(push, head, answer.claim);
      return { is: 'busy', ...base, first: answer.claim.for !== undefined };
    case 'claimed':
      if (head !== push.after) {
        tell(
          subject,
          'deploy.notice',
          `${push.branch} has moved on to ${brief(head)}, which is deployed instead`,
          {},
        );
      }
      tell(subject, 'deploy.started', `deploying ${brief(head)} to ${environmentOf(push).name}`, {
        environment: environmentOf(push).name,
      });
      if (isFirst) measureWait(push, at);
      await Promise.all([
        ledger.list(lasting(push), answer.fence),
        showStatus(push, head, { state: 'pending', description: 'Being deployed' }),
      ]);
      return { ...answer, ...base };
    case 'unchanged': {
      const [claim, release] = await Promise.all([
        ledger.newestClaim(environmentOf(push)),
        ledger.releaseOf(environmentOf(push), answer.live.release),
      ]);
      const looked = release === undefined ? {} : { release };
      return { ...answer, ...base, waited, fence: claim?.fence ?? 0, ...looked };
    }
    case 'missing':
      tell(
        subject,
        'deploy.notice',
        `${brief(head)} is not live in the cluster any more: it is brought back`,
        {},
      );
      return { ...answer, ...base, waited };
    default:
      return { ...answer, ...base, waited };
  }
}

function measureWait({ receivedAt, app, environment }: Push, now: number): void {
  if (receivedAt === undefined || isPreview(environment)) return;
  measure([[METRICS.queueAge, Math.max(0, now - receivedAt)]], { app });
}

/** What other deployments of the branch take over: not when this push came. */
function lasting({ receivedAt: _, ...push }: Push): Push {
  return push;
}

function tellBusy(push: Push, head: string, { for: what }: Claim): void {
  const subject = subjectOf(push, head);
  if (what !== undefined) {
    const first = what === 'roll-back' ? 'a rollback' : 'a removal';
    tell(subject, 'deploy.notice', `${first} is at work; waiting for it`, {});
  } else if (head === push.after) {
    tell(subject, 'deploy.notice', `${brief(head)} is being deployed already`, {});
  }
}

/** Shows a status beside a commit; a host that does not take it stops nothing. */
export async function showStatus(push: Origin, commit: string, status: CommitStatus): Promise<void> {
  try {
    await forgeOf(push).setStatus(repositoryOf(push), commit, status);
  } catch (error) {
    log.warn('the commit’s status could not be set', { reason: messageOf(error) });
  }
}
