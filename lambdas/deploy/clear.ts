import { type DurableContext, InvokeError } from '@aws/durable-execution-sdk-js';
import type { Release } from '../../lib/release/types.ts';
import { tell } from '../../lib/report/story.ts';
import type { RolloutAnswer, RolloutRequest } from '../../lib/rollout/request.ts';
import type { Claim } from './build.ts';
import { lookForLateAlarm } from './late-alarm.ts';
import { invoke, step } from './patience.ts';
import type { Progress } from './progress.ts';
import { liveOf } from './runs.ts';
import { environment, environmentOf, ledger, type Order, subjectOf } from './services.ts';

/**
 * Takes away what ran before a release that was found good. The ledger hears first that the release is live: whoever
 * comes next must not count on pods that are about to go. What is left over harms nobody, and goes with a later release.
 */
export async function clear(
  context: DurableContext,
  order: Order,
  claim: Claim,
  progress: Progress & { release: Release },
  { url }: { url?: string },
): Promise<void> {
  const { release } = progress;
  const { fence } = claim;
  const kept = await step(context, 'keep', async () => {
    const answer = await ledger.keep(environmentOf(order), fence, liveOf(progress, release, url));
    return answer.is;
  });
  if (kept !== 'kept') return;
  const rung = await lookForLateAlarm(context, order, claim, progress);
  progress.lookedLate = { rung };
  // It is about to go: what is there to go back to stays.
  if (rung !== undefined) return;
  const subject = subjectOf(order, claim.commit);
  const request: RolloutRequest = { subject, release, fence, do: 'prune' };
  const call = { name: 'prune', target: environment.rolloutFunction, request, delays: [2, 5] };
  try {
    await invoke<RolloutRequest, RolloutAnswer, never>(context, call, async () => undefined);
  } catch (error) {
    if (!(error instanceof InvokeError)) throw error;
    const { message } = error;
    await step(context, 'tell', async () => {
      tell(subject, 'deploy.notice', `what ran before is still there: ${message}`, {});
    });
  }
}
