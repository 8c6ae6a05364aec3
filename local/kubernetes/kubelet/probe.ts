import type { Probe } from './types.ts';

/** What one attempt found. `message` as kubelet words it, without `Readiness probe failed: `. */
export type Outcome = { result: 'success' } | { result: 'failure'; message: string };

/** What has been seen of a probe. Times in milliseconds. */
export interface ProbeState {
  /** `unknown` until enough attempts agree. */
  verdict: 'unknown' | 'success' | 'failure';
  successes: number;
  /** Failures in a row, no more than one counted a period. */
  failures: number;
  lastCounted: number;
  /** Wait before the next attempt while it has not succeeded yet. */
  eagerWaitMs: number;
}

export interface ProbePlan {
  state: ProbeState;
  nextMs: number;
  /** Whether the failure is worth an event. */
  tell: boolean;
}

const eagerMs = 50;
/** A refused connection in the first moments is a program starting, not news. */
const startingMs = 1_000;

/** @param startedAt when the container started */
export function initialProbeState(startedAt: number): ProbeState {
  return { verdict: 'unknown', successes: 0, failures: 0, lastCounted: startedAt, eagerWaitMs: eagerMs };
}

/** The attempts' thresholds and times with kubelet's defaults, in milliseconds. */
export function limitsOf(probe: Probe) {
  return {
    initialMs: 1_000 * (probe.initialDelaySeconds ?? 0),
    periodMs: 1_000 * (probe.periodSeconds || 10),
    timeoutMs: 1_000 * (probe.timeoutSeconds || 1),
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  };
}

/**
 * Takes in the outcome of an attempt. Readiness and startup probes are asked eagerly until they first succeed, from
 * every 50 ms on up to their period, so that a rollout takes no whole seconds; their failures count once a period, so
 * that `failureThreshold * periodSeconds` is the time it is in a cluster.
 */
export function planProbe(
  kind: 'readiness' | 'liveness' | 'startup',
  probe: Probe,
  before: ProbeState,
  outcome: Outcome,
  now: number,
): ProbePlan {
  const { periodMs, successThreshold, failureThreshold } = limitsOf(probe);
  if (outcome.result === 'success') {
    const successes = before.successes + 1;
    const verdict = successes >= successThreshold ? 'success' : before.verdict;
    const state = { ...before, verdict, successes, failures: 0, lastCounted: now, eagerWaitMs: eagerMs };
    const eager = kind !== 'liveness' && verdict !== 'success';
    return { state, nextMs: eager ? Math.min(eagerMs, periodMs) : periodMs, tell: false };
  }
  const isEager = kind !== 'liveness' && before.verdict !== 'success';
  const spacing = before.failures === 0 ? Math.min(startingMs, periodMs) : periodMs;
  const isCounted = !isEager || now - before.lastCounted >= spacing;
  const failures = before.failures + (isCounted ? 1 : 0);
  const verdict = failures >= failureThreshold ? 'failure' : before.verdict;
  const eagerWaitMs = Math.min(before.eagerWaitMs * 1.5, periodMs);
  const state: ProbeState = {
    verdict,
    successes: 0,
    failures,
    lastCounted: isCounted ? now : before.lastCounted,
    eagerWaitMs,
  };
  return { state, nextMs: isEager ? before.eagerWaitMs : periodMs, tell: isCounted };
}
