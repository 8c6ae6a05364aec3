import type { RolloutRequest } from '../../lib/rollout/request.ts';
import { BYTES } from './cadence.ts';
import type { Spent } from './patience.ts';

/** Seconds that an observation takes that sees no end: the roll-out function's budget. */
const SECONDS = 50;
/** For the pods: their own patience ends long before. */
const OF_PODS = 90;
/** Seconds: the lease is renewed after each observation, and holds for five minutes. */
const LONGEST_PAUSE = 200;

/**
 * How often a rollout is observed at most, and how long to sleep in between: as long as the release's jobs may take by
 * their own time-outs, which they have to the end. A sleep is needed only where the request, which is written to the
 * execution's history each time, is so large that it would not hold all of them. Pure.
 */
export function observationsOf(
  request: RolloutRequest,
  spent: Readonly<Spent>,
): { most: number; pauseSeconds: number } {
  const seconds = request.do === 'apply' && !request.back ? jobSeconds(request) : 0;
  if (seconds === 0) return { most: OF_PODS, pauseSeconds: 0 };
  const most = OF_PODS + Math.ceil(seconds / SECONDS);
  const affordable = Math.max(1, (BYTES - spent.bytes) / JSON.stringify(request).length);
  const apart = Math.ceil((most * SECONDS) / affordable);
  return { most, pauseSeconds: Math.min(LONGEST_PAUSE, Math.max(0, apart - SECONDS)) };
}

function jobSeconds({ release: { jobs } }: RolloutRequest): number {
  const times = jobs.map(({ spec }) => (spec as { activeDeadlineSeconds?: number } | undefined) ?? {});
  return times.reduce((sum, { activeDeadlineSeconds = 0 }) => sum + activeDeadlineSeconds, 0);
}
