import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { messageOf } from '../../lib/errors.ts';
import type { LastGood, Verdict } from '../../lib/ledger/types.ts';
import type { Push } from '../../lib/push/types.ts';
import { brief } from '../../lib/report/brief.ts';
import { type Ended, type Ending, endingOfPush, lastLine, statusOf } from '../../lib/report/ending.ts';
import { COUNTED } from '../../lib/report/metrics.ts';
import { type Outcome, tell } from '../../lib/report/story.ts';
import { showStatus } from './claim.ts';
import { step } from './patience.ts';
import type { Progress, Restored } from './progress.ts';
import { environmentOf, ledger, metrics, subjectOf } from './services.ts';

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

/** Records the end of a deployment, tells it once, and lets go of the environment. */
export async function settle(context: DurableContext, push: Push, end: End): Promise<Settled> {
  try {
    return await step(context, 'settle', async () => {
      const ending = await record(push, end);
      await showStatuses(push, end.progress, ending);
      return tellEnd(push, end, ending);
    });
  } catch (error) {
    // The push has to hear its end even when the ledger cannot be written to; the lease expires by itself.
    const reason = `${'reason' in end.ending ? `${end.ending.reason}; ` : ''}${messageOf(error)}`;
    const ending: Ending = { is: 'failed', reason, blame: 'elsewhere' };
    return await step(context, 'tell', async () => tellEnd(push, end, ending));
  }
}

/** Answers the ending as the ledger has it: a verdict that comes after the lease was lost does not count. */
async function record(push: Push, { progress, ending, restored }: End): Promise<Ending> {
  const environment = environmentOf(push);
  const { commit, fence, release } = progress;
  if (ending.is === 'failed' && ending.blame === 'commit') {
    await ledger.markBad(environment, { commit, reason: ending.reason, at: new Date().toISOString() });
  }
  if (fence === undefined) return ending;
  const runs = whatRuns(progress, ending, restored);
  const verdicts = verdictsOf(progress, ending, restored);
  const settled = await ledger.settle(
    environment,
    { fence, ...(runs === undefined ? {} : { runs }) },
    verdicts,
  );
  const late = ending.is === 'live' && release !== undefined && settled.is === 'late';
  if (!late && !(ending.is === 'superseded' && ending.by === '')) return ending;
  const newest = await ledger.newestClaim(environment);
  return { is: 'superseded', by: newest?.commit ?? 'a newer push' };
}

function whatRuns(
  { commit, release }: Progress,
  ending: Ending,
  restored: Restored,
): LastGood | 'nothing' | undefined {
  if (ending.is === 'live' && release !== undefined)
    return { release: release.number, commit, url: ending.url };
  if (restored.is === 'back') {
    return { release: restored.release.number, commit: restored.release.commit, url: restored.url };
  }
  return restored.is === 'removed' ? 'nothing' : undefined;
}

function verdictsOf({ release, rolledOut }: Progress, ending: Ending, restored: Restored) {
  const verdicts: { number: number; verdict: Verdict }[] = [];
  if (release !== undefined) {
    verdicts.push({ number: release.number, verdict: verdictOf(ending, rolledOut?.state === 'unknown') });
  }
  if (restored.is === 'back') {
    verdicts.push({ number: restored.release.number, verdict: { is: 'live', url: restored.url } });
  } else if (restored.is === 'not-restored' && restored.release !== undefined) {
    verdicts.push({ number: restored.release.number, verdict: { is: 'failed', reason: restored.reason } });
  }
  return verdicts;
}

function verdictOf(ending: Ending, unknown: boolean): Verdict {
  if (ending.is === 'live') return { is: 'live', url: ending.url };
  if (ending.is === 'failed') return { is: unknown ? 'unknown' : 'failed', reason: ending.reason };
  return { is: 'superseded' };
}

async function showStatuses(push: Push, { commit, claimed }: Progress, ending: Ending): Promise<void> {
  const ended = endedOf(push, commit);
  await Promise.all(
    claimed.map(async (each) => {
      const own = each === push.after ? endingOfPush(ended, ending) : ending;
      const status = statusOf(
        each === commit || each === push.after ? own : { is: 'superseded', by: commit },
      );
      if (status !== undefined) await showStatus(push, each, status);
    }),
  );
}

/** The last chapters, and the metrics that alarms watch. Told at the very end: a step that fails is taken again. */
function tellEnd(push: Push, { progress, restored }: End, ending: Ending): Settled {
  const { commit, startedAt = Date.now(), release } = progress;
  const subject = subjectOf(push, commit);
  const ms = Date.now() - startedAt;
  const rolloutMs = release === undefined ? 0 : Date.now() - Date.parse(release.createdAt);
  if (ending.is === 'live' && release !== undefined) {
    const message = `release ${release.number} is live after ${(rolloutMs / 1000).toFixed(1)} s`;
    tell(subject, 'rollout.live', message, { release: release.number, ms: rolloutMs });
  }
  tellRestored(push, progress, restored, rolloutMs);
  count(push, progress, ending, ms);
  const ended = endedOf(push, commit);
  const told = endingOfPush(ended, ending);
  const message = lastLine(ended, told);
  tell(subject, 'deploy.settled', message, {
    outcome: told.is,
    ...('url' in told ? { url: told.url } : {}),
    ...('reason' in told ? { reason: told.reason } : {}),
    ms,
  });
  return { outcome: told.is, commit, message };
}

function tellRestored(push: Push, { commit }: Progress, restored: Restored, ms: number): void {
  const subject = subjectOf(push, commit);
  if (restored.is === 'back') {
    const { number, commit: good } = restored.release;
    const message = `release ${number} keeps ${brief(good)} running, as before`;
    tell(subject, 'rollback.finished', message, { release: number, ms });
  } else if (restored.is === 'removed') {
    tell(subject, 'rollback.finished', 'nothing ran before: what had been created is removed', { ms });
  } else if (restored.is === 'not-restored') {
    tell(subject, 'deploy.notice', `what had been begun could not be undone: ${restored.reason}`, {});
  }
}

function count(push: Push, { joined }: Progress, ending: Ending, ms: number): void {
  if (joined || !(ending.is in COUNTED)) return;
  // Two sets of dimensions: all apps together, for the alarm, and each by itself.
  metrics.addDimensions({});
  metrics.addDimensions({ app: push.app });
  metrics.addMetric(COUNTED[ending.is as keyof typeof COUNTED], MetricUnit.Count, 1);
  if (ending.is === 'live') metrics.addMetric('PushToLive', MetricUnit.Milliseconds, ms);
  metrics.publishStoredMetrics();
}

function endedOf({ app, ref, after }: Push, commit: string): Ended {
  return { app, ref, pushed: after, commit };
}
