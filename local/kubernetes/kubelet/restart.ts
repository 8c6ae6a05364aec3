import { type BackOff, nextWait } from './back-off.ts';
import type { PodSpec } from './types.ts';

/** What becomes of a container that ended. `waitMs` is the wait of CrashLoopBackOff, 0 for none. */
export type RestartPlan = { do: 'restart'; waitMs: number; nextWaitMs: number } | { do: 'stay' };

/**
 * Decides whether and when a container is started again: the first time at once, then after waits that double, and
 * from the beginning when it ran for twice the longest wait. Source: kubelet `doBackOff`, `ShouldContainerBeRestarted`.
 * @param waitMs the wait that this end costs, as the plan before said in `nextWaitMs`; 0 at first
 */
export function planRestart(
  policy: PodSpec['restartPolicy'],
  ended: { exitCode: number; ranMs: number; kind: 'app' | 'init' },
  waitMs: number,
  backOff: BackOff,
): RestartPlan {
  const succeeded = ended.exitCode === 0;
  if (policy === 'Never' || (succeeded && (policy === 'OnFailure' || ended.kind === 'init')))
    return { do: 'stay' };
  const wait = ended.ranMs >= 2 * backOff.limitMs ? 0 : waitMs;
  return { do: 'restart', waitMs: wait, nextWaitMs: nextWait(wait, backOff) };
}

/**
 * How long a container that cannot be made is left, after so many tries before: the kubelet tries again when the status
 * that it wrote comes back to it, then each time it looks at the pod anew (kubernetes, pkg/kubelet: backOffPeriod).
 */
export function lookAgainMs(tries: number): number {
  return tries === 0 ? 1_000 : 10_000;
}
