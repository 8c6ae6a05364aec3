import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { messageOf } from '../../lib/errors.ts';
import type { LastGood, Verdict } from '../../lib/ledger/types.ts';
import { isPreview } from '../../lib/push/place.ts';
import { BY_ALARM } from '../../lib/push/request.ts';
import type { Origin } from '../../lib/push/types.ts';
import { brief } from '../../lib/report/brief.ts';
import { type Ended, type Ending, endingOfPush, lastLine, statusOf } from '../../lib/report/ending.ts';
import { measure } from '../../lib/report/measure.ts';
import { PREVIEWS } from '../../lib/report/metrics.ts';
import { type Outcome, tell } from '../../lib/report/story.ts';
import { showStatus } from './claim.ts';
import { type Measurable, measuredOf } from './ended.ts';
import { step } from './patience.ts';
import { begin, type Progress, type Restored } from './progress.ts';
import { liveOf } from './runs.ts';
import { environmentOf, ledger, type Order, subjectOf } from './services.ts';

/** What the execution answers. */
export interface Settled {
  outcome: Outcome;
  commit: string;
  message: string;
}

/** How a deployment ended: what goes into the ledger, and what is told of it. */
export interface End {
  progress: Progress;
  ending: Ending;
  restored: Restored;
}

/** Whose end it is, for whoever reads of it. */
export interface Of {
  ref: string;
  /** The commit that the push told of, or that a rollback takes back. */
  pushed: string;
  /** ms since the epoch: when the git host told of the push. */
  receivedAt?: number | undefined;
  /** Where the statuses of commits are shown. */
  repository?: Origin;
}

/** Records the end of a deployment, tells it once, and lets go of the environment. */
export async function settle(context: DurableContext, order: Order, of: Of, end: End): Promise<Settled> {
  try {
    return await step(context, 'settle', async () => {
      const brokenSince = await whenBroken(order, end);
      const ending = await record(order, end);
      await showStatuses(of, endedOf(order, of, end.progress), end.progress, ending);
      return tellEnd(order, of, { ...end, ending }, brokenSince);
    });
  } catch (error) {
    // The push has to hear its end even when the ledger cannot be written to; the lease expires by itself.
    const reason = `${'reason' in end.ending ? `${end.ending.reason}; ` : ''}${messageOf(error)}`;
    const ending: Ending = { is: 'failed', reason, blame: 'elsewhere' };
    return await step(context, 'tell', async () => tellEnd(order, of, { ...end, ending }));
  }
}

/** Answers the ending as the ledger has it: a verdict that comes after the lease was lost does not count. */
async function record(order: Order, { progress, ending, restored }: End): Promise<Ending> {
  const environment = environmentOf(order);
  const { commit, fence, release, course } = progress;
  if (ending.is === 'failed' && ending.blame === 'commit') {
    await ledger.markBad(environment, { commit, reason: ending.reason, at: new Date().toISOString() });
  }
  if (fence === undefined) return ending;
  if (release !== undefined) await ledger.note(environment, release.number, course);
  const runs = whatRuns(progress, ending, restored);
  const verdicts = verdictsOf(progress, ending, restored);
  const settled = await ledger.settle(
    environment,
    { fence, ...(runs === undefined ? {} : { runs }) },
    verdicts,
  );
  if (ending.is === 'removed' && settled.is === 'settled') await ledger.forget(environment, fence);
  const says = (ending.is === 'live' && release !== undefined) || ending.is === 'rolled-back';
  const late = settled.is === 'late' && (says || ending.is === 'removed');
  if (!late && !(ending.is === 'superseded' && ending.by === '')) return ending;
  const newest = await ledger.newestClaim(environment);
  return { is: 'superseded', by: newest?.commit ?? 'a newer push' };
}

function whatRuns(progress: Progress, ending: Ending, restored: Restored): LastGood | 'nothing' | undefined {
  const { release } = progress;
  if (ending.is === 'live' && release !== undefined) return liveOf(progress, release, ending.url);
  if (restored.is === 'back') {
    const { release: back, url } = restored;
    return liveOf({ ...begin(back.commit) }, back, url);
  }
  return restored.is === 'removed' ? 'nothing' : undefined;
}

function verdictsOf({ release, rolledOut }: Progress, ending: Ending, restored: Restored) {
  const verdicts: { number: number; verdict: Verdict }[] = [];
  if (release !== undefined) {
    verdicts.push({ number: release.number, verdict: verdictOf(ending, rolledOut?.state === 'unknown') });
  }
  if (restored.is === 'back') {
    verdicts.push({ number: restored.release.number, verdict: liveVerdict(restored.url, restored.notes) });
  } else if (restored.is === 'not-restored' && restored.release !== undefined) {
    verdicts.push({ number: restored.release.number, verdict: { is: 'failed', reason: restored.reason } });
  }
  return verdicts;
}

function verdictOf(ending: Ending, unknown: boolean): Verdict {
  if (ending.is === 'live') return liveVerdict(ending.url, ending.notes);
  if (ending.is === 'failed') return { is: unknown ? 'unknown' : 'failed', reason: ending.reason };
  return { is: 'superseded' };
}

function liveVerdict(url: string | undefined, notes: readonly string[] = []): Verdict {
  return { is: 'live', ...(url === undefined ? {} : { url }), ...(notes.length > 0 && { notes }) };
}

async function showStatuses(
  { repository, pushed }: Of,
  ended: Ended,
  { commit, claimed }: Progress,
  ending: Ending,
): Promise<void> {
  if (repository === undefined) return;
  await Promise.all(
    [...new Set(claimed)].map(async (each) => {
      const own = each === pushed ? endingOfPush(ended, ending) : ending;
      const status = statusOf(each === commit || each === pushed ? own : { is: 'superseded', by: commit });
      if (status !== undefined) await showStatus(repository, each, status);
    }),
  );
}

/** The last chapters, and the metrics that alarms watch. Told at the very end: a step that fails is taken again. */
function tellEnd(order: Order, of: Of, { progress, restored, ending }: End, brokenSince?: number): Settled {
  const { commit, startedAt = Date.now(), release, liveAt } = progress;
  const subject = subjectOf(order, commit);
  const ms = Date.now() - startedAt;
  const rolloutMs = release === undefined ? 0 : Date.now() - Date.parse(release.createdAt);
  if (ending.is === 'live' && release !== undefined && liveAt === undefined) {
    const message = `release ${release.number} is live after ${(rolloutMs / 1000).toFixed(1)} s`;
    tell(subject, 'rollout.live', message, { release: release.number, ms: rolloutMs });
  }
  tellRestored(order, progress, restored, ending, rolloutMs);
  measureEnd(order, { progress, ending, restored, receivedAt: of.receivedAt, brokenSince });
  const ended = endedOf(order, of, progress);
  const told = endingOfPush(ended, ending);
  const message = lastLine(ended, told);
  tell(subject, 'deploy.settled', message, {
    outcome: told.is,
    ...('url' in told && told.url !== undefined ? { url: told.url } : {}),
    ...('reason' in told ? { reason: told.reason } : {}),
    ...('notes' in told && told.notes !== undefined && told.notes.length > 0 ? { notes: told.notes } : {}),
    ms,
  });
  return { outcome: told.is, commit, message };
}

function tellRestored(
  order: Order,
  { commit, liveAt }: Progress,
  restored: Restored,
  ending: Ending,
  ms: number,
): void {
  // What failed before all its pods were ready never took the place of what ran.
  const took = ending.is === 'rolled-back' || liveAt !== undefined;
  const subject = subjectOf(order, commit);
  if (restored.is === 'back') {
    const { number, commit: good } = restored.release;
    const message = took
      ? `release ${number} runs ${brief(good)} again`
      : `release ${number} keeps ${brief(good)} running, as before`;
    tell(subject, 'rollback.finished', message, { release: number, ms });
  } else if (restored.is === 'removed' && ending.is !== 'removed') {
    tell(subject, 'rollback.finished', 'nothing ran before: what had been created is removed', { ms });
  } else if (restored.is === 'not-restored') {
    tell(subject, 'deploy.notice', `what had been begun could not be undone: ${restored.reason}`, {});
  }
}

function measureEnd(order: Order, end: Omit<Measurable, 'now' | 'byAlarm'>): void {
  const byAlarm = order.delivery.startsWith(BY_ALARM);
  const { points, takenBackBy } = measuredOf({ ...end, byAlarm, now: Date.now() });
  // Previews are counted all together: there may be any number of them.
  if (isPreview(order.environment)) measure(points, {}, PREVIEWS);
  else measure(points, { app: order.app, ...(takenBackBy && { takenBackBy }) });
}

/** ms since the epoch: since when the last release but this one was to bring back what was good, and did not. */
async function whenBroken(order: Order, { progress, ending }: End): Promise<number | undefined> {
  if (ending.is !== 'live' || progress.release === undefined || progress.joined) return undefined;
  const { number } = progress.release;
  const past = await ledger.history(environmentOf(order), 2);
  const before = past.find((release) => release.number < number);
  const failedToRestore = before?.brings !== undefined && before.verdict?.is === 'failed';
  return failedToRestore ? Date.parse(before.createdAt) : undefined;
}

function endedOf({ app }: Order, { ref, pushed }: Of, { commit }: Progress): Ended {
  return { app, ref, pushed, commit };
}
