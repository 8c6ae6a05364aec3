import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { messageOf } from '../../lib/errors.ts';
import type { RollingBack } from '../../lib/ledger/roll-back.ts';
import { about } from '../../lib/log.ts';
import type { RollBack } from '../../lib/push/request.ts';
import type { Origin } from '../../lib/push/types.ts';
import { brief } from '../../lib/report/brief.ts';
import type { Ending } from '../../lib/report/ending.ts';
import { tell } from '../../lib/report/story.ts';
import { step } from './patience.ts';
import { begin, type Progress, type Restored } from './progress.ts';
import { bringBack } from './restore.ts';
import { environmentOf, ledger, subjectOf } from './services.ts';
import { type Settled, settle } from './settle.ts';

type Going = RollingBack & { startedAt: number; repository?: Origin };

/**
 * Takes an environment back to a release that was good, as a whole, and keeps the commit that it ran on record as bad.
 * It is a claim of its own, newer than any: a deployment at work gives way to it, and a newer push goes before it.
 */
export async function rollBack(context: DurableContext, request: RollBack): Promise<Settled> {
  about(subjectOf(request, ''));
  const progress = begin('');
  let going: Going | undefined;
  let restored: Restored = { is: 'untouched' };
  let ending: Ending;
  try {
    going = await claim(context, request);
    ({ ending, restored } = await goBack(context, request, going, progress));
  } catch (error) {
    ending = { is: 'failed', reason: messageOf(error), blame: 'elsewhere' };
  }
  const { repository } = going ?? {};
  const of = { ref: request.environment.name, pushed: progress.commit, ...(repository && { repository }) };
  return await settle(context, request, of, { progress, ending, restored });
}

async function claim(context: DurableContext, request: RollBack): Promise<Going> {
  const { delivery, reason, by, to, whileLive } = request;
  const execution = context.executionContext.durableExecutionArn;
  return await step(context, 'claim', async () => {
    const startedAt = Date.now();
    const environment = environmentOf(request);
    const what = {
      reason,
      by,
      ...(to !== undefined && { to }),
      ...(whileLive !== undefined && { whileLive }),
    };
    const answer = await ledger.rollBack(environment, { execution, delivery }, what);
    if (answer.is !== 'claimed') return { ...answer, startedAt };
    const { from, good } = answer;
    const leaving = from === undefined ? '' : ` from release ${from.number} (${brief(from.commit)})`;
    const message = `${by} rolls ${request.app} back${leaving} to ${brief(good.commit)}: ${reason}`;
    const detail = { to: good.commit, by, ...(from && { from: from.number }) };
    tell(subjectOf(request, from?.commit ?? good.commit), 'rollback.started', message, detail);
    const repository = (await ledger.listed(environment))?.push;
    return { ...answer, startedAt, ...(repository && { repository }) };
  });
}

async function goBack(
  context: DurableContext,
  request: RollBack,
  going: Going,
  progress: Progress,
): Promise<{ ending: Ending; restored: Restored }> {
  progress.startedAt = going.startedAt;
  if (going.is === 'not-live') {
    const why = `release ${request.whileLive} is not what runs any more`;
    return { ending: { is: 'ignored', why }, restored: { is: 'untouched' } };
  }
  if (going.is === 'none-good') {
    const reason = `it stays as it is: ${going.why}`;
    return { ending: { is: 'failed', reason, blame: 'elsewhere' }, restored: { is: 'untouched' } };
  }
  const { fence, good, from } = going;
  progress.commit = from?.commit ?? good.commit;
  progress.fence = fence;
  if (going.bad !== undefined && going.repository !== undefined) progress.claimed.push(going.bad.commit);
  const claimed = { commit: progress.commit, fence };
  const restored = await bringBack(context, request, claimed, from, () => undefined);
  const why = `by ${request.by}: ${request.reason}`;
  return { ending: endingOf(restored, why, from?.number), restored };
}

function endingOf(restored: Restored, why: string, from: number | undefined): Ending {
  switch (restored.is) {
    case 'back': {
      const { release, url } = restored;
      const { number, commit } = release;
      const address = url === undefined ? {} : { url };
      return { is: 'rolled-back', number, commit, why, ...(from === undefined ? {} : { from }), ...address };
    }
    case 'not-restored':
      return { is: 'failed', reason: restored.reason, blame: 'elsewhere' };
    default:
      return { is: 'superseded', by: '' };
  }
}
