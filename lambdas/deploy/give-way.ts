import type { DurableContext } from '@aws/durable-execution-sdk-js';
import type { Push } from '../../lib/push/types.ts';
import { step } from './patience.ts';
import type { Progress } from './progress.ts';
import { environmentOf, ledger } from './services.ts';

/**
 * What a newer push supersedes ends with it. But a rollback or a removal does not bring the branch's head: it is let
 * through, and then the head's turn is again, unless it is what was taken back. Answers the fence of what comes first.
 */
export async function giveWay(
  context: DurableContext,
  push: Push,
  progress: Progress,
): Promise<number | undefined> {
  const { fence, release, course } = progress;
  const after = await step(context, 'give way', async () => {
    const environment = environmentOf(push);
    const newest = await ledger.newestClaim(environment);
    if (newest?.for === undefined || fence === undefined) return null;
    if (release !== undefined) await ledger.note(environment, release.number, course);
    const verdicts =
      release === undefined ? [] : [{ number: release.number, verdict: { is: 'superseded' as const } }];
    await ledger.settle(environment, { fence }, verdicts);
    return newest.fence;
  });
  if (after === null) return undefined;
  // Nothing of it is this execution's any more.
  for (const field of ['fence', 'release', 'rolledOut', 'before', 'bad', 'liveAt'] as const)
    delete progress[field];
  progress.course = { phases: [] };
  return after;
}
