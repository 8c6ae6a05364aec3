import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { tell } from '../../lib/report/story.ts';
import type { AppliedFacts, RolloutAnswer, RolloutRequest } from '../../lib/rollout/request.ts';
import { failIfBehind } from './behind.ts';
import type { Claim } from './build.ts';
import { observationsOf } from './observations.ts';
import { invoke, pause, spentOf, step } from './patience.ts';
import { environment, environmentOf, ledger, type Order, subjectOf } from './services.ts';

/** How a rollout ended. */
export type RolledOut =
  | Exclude<RolloutAnswer, { state: 'progressing' | 'superseded' }>
  | { state: 'superseded'; by?: string };

/** Seconds after an `unknown`, and how many of them in a row are borne. */
const UNKNOWN_DELAY = 10;
const UNKNOWNS = 6;

/**
 * Asks the roll-out function for `request`, and then to observe it, until there is a verdict. `onApplied` is given, once,
 * what the application has changed.
 */
export async function rollOut(
  context: DurableContext,
  order: Order,
  claim: Claim,
  request: RolloutRequest,
  onApplied?: (facts: AppliedFacts) => void,
): Promise<RolledOut> {
  const renew = (fault?: string) => renewLease(context, order, claim, fault);
  let next = request;
  let unknowns = 0;
  const { most, pauseSeconds } = observationsOf(request, spentOf(context));
  for (let observation = 0; observation < most; observation++) {
    const call = {
      name: next.do === 'observe' ? 'observe' : request.do,
      target: environment.rolloutFunction,
      request: next,
      delays: [2, 5, 15, 30],
    };
    const asked = await invoke<RolloutRequest, RolloutAnswer, string>(context, call, renew);
    if (asked.is === 'stopped') return { state: 'superseded', by: asked.reason };
    const { answer } = asked;
    if ('applied' in answer && answer.applied !== undefined) onApplied?.(answer.applied);
    if (answer.state === 'superseded') {
      await failIfBehind(context, order, answer.by);
      return { state: 'superseded' };
    }
    if (answer.state === 'unknown') {
      if (++unknowns > UNKNOWNS) return answer;
      await pause(context, 'for the cluster to tell', UNKNOWN_DELAY);
    } else if (answer.state === 'progressing') {
      unknowns = 0;
      if (pauseSeconds > 0) await pause(context, 'before the next look', pauseSeconds);
    } else {
      return answer;
    }
    const by = await renew();
    if (by !== undefined) return { state: 'superseded', by };
    next = observing(request);
  }
  return { state: 'unknown', reason: 'the rollout neither succeeds nor fails' };
}

/** What follows on an answer `progressing`. */
function observing(request: RolloutRequest): RolloutRequest {
  const { subject, fence, release } = request;
  if (request.do === 'undo')
    return { subject, fence, release: request.back ?? release, do: 'observe', phase: 'back' };
  const phase = request.do === 'apply' || request.do === 'observe' ? request.phase : 0;
  return { subject, fence, release, do: 'observe', phase };
}

/** Keeps the lease; answers the commit of a newer claim, if there is one. */
async function renewLease(
  context: DurableContext,
  order: Order,
  { commit, fence }: Claim,
  fault?: string,
): Promise<string | undefined> {
  return await step(context, 'renew', async () => {
    if (fault !== undefined) {
      tell(
        subjectOf(order, commit),
        'deploy.notice',
        `the rollout gave no answer (${fault}); trying again`,
        {},
      );
    }
    const renewed = await ledger.renew(environmentOf(order), fence);
    return renewed.is === 'superseded' ? renewed.by.commit : undefined;
  });
}

/** Where a live release is reached: from outside, or at least by the cluster's other pods; nowhere if it takes no requests. */
export function addressOf({ url, internalName }: Extract<RolledOut, { state: 'live' }>): { url?: string } {
  const address = url ?? (internalName === undefined ? undefined : `http://${internalName}`);
  return address === undefined ? {} : { url: address };
}
