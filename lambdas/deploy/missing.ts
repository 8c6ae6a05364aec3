import { type DurableContext, InvokeError } from '@aws/durable-execution-sdk-js';
import type { Push } from '../../lib/push/types.ts';
import type { Ending } from '../../lib/report/ending.ts';
import type { RolloutAnswer, RolloutRequest } from '../../lib/rollout/request.ts';
import { failIfBehind } from './behind.ts';
import type { Claimed } from './claim.ts';
import { invoke } from './patience.ts';
import type { Progress } from './progress.ts';
import { bringBack } from './restore.ts';
import { environment, subjectOf } from './services.ts';

/**
 * Whether what the ledger says is live can be seen in the cluster: somebody may have deleted it. What is there is live,
 * however its pods fare just now. `again`: somebody else is at work there by now. A cluster that cannot be asked is taken
 * to run what it ran.
 */
export async function lookForLive(
  context: DurableContext,
  push: Push,
  { commit, release, fence, waited }: Extract<Claimed, { is: 'unchanged' }>,
): Promise<'live' | 'missing' | 'again'> {
  // It was brought there just now.
  if (release === undefined || waited) return 'live';
  const subject = subjectOf(push, commit);
  const request: RolloutRequest = { subject, release, fence, do: 'see' };
  const call = { name: 'see', target: environment.rolloutFunction, request, delays: [2] };
  try {
    const asked = await invoke<RolloutRequest, RolloutAnswer, never>(context, call, async () => undefined);
    if (asked.is === 'stopped') return 'live';
    const { answer } = asked;
    if (answer.state === 'superseded') {
      await failIfBehind(context, push, answer.by);
      return 'again';
    }
    return answer.state === 'seen' && answer.missing !== undefined ? 'missing' : 'live';
  } catch (error) {
    if (error instanceof InvokeError) return 'live';
    throw error;
  }
}

/** Brings back the release that should be live and is not, as it was. */
export async function bringBackMissing(
  context: DurableContext,
  push: Push,
  { commit, fence }: Extract<Claimed, { is: 'missing' }>,
  progress: Progress,
): Promise<Ending> {
  const restored = await bringBack(context, push, { commit, fence }, undefined, () => undefined);
  switch (restored.is) {
    case 'back': {
      const { release, url } = restored;
      progress.release = release;
      const notes = ['it was not live in the cluster any more, and was brought back'];
      return { is: 'live', notes, ...(url === undefined ? {} : { url }) };
    }
    case 'not-restored': {
      const { reason, release } = restored;
      if (release !== undefined) progress.release = release;
      // There is nothing else to go back to.
      progress.rolledOut = { state: 'unknown', reason };
      return { is: 'failed', reason, blame: 'elsewhere' };
    }
    default:
      return { is: 'superseded', by: '' };
  }
}
