import { attempt, type Target } from './attempt.ts';
import { pause } from './pause.ts';
import { initialProbeState, limitsOf, planProbe } from './probe.ts';
import type { Probe } from './types.ts';

/** What becomes of a container by its probes. */
export interface ProbeListener {
  /** The startup probe succeeded, or there is none. */
  started(): void;
  ready(isReady: boolean): void;
  /** Told as an event. */
  unhealthy(message: string): void;
  /** The container has to be restarted. */
  failed(kind: 'liveness' | 'startup', probe: Probe): void;
}

type Kind = 'readiness' | 'liveness' | 'startup';

/** Asks a container's probes until the signal: the startup probe first, and then both others. */
export async function probeContainer(
  target: Target,
  listener: ProbeListener,
  signal: AbortSignal,
): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = target.container;
  if (startupProbe) {
    const verdict = await ask('startup', startupProbe, target, listener, signal);
    if (verdict === 'failure') return listener.failed('startup', startupProbe);
  }
  if (signal.aborted) return;
  listener.started();
  if (!readinessProbe) listener.ready(true);
  await Promise.all([
    readinessProbe && ask('readiness', readinessProbe, target, listener, signal),
    livenessProbe &&
      ask('liveness', livenessProbe, target, listener, signal).then((verdict) => {
        if (verdict === 'failure') listener.failed('liveness', livenessProbe);
      }),
  ]);
}

/** Asks one probe until its verdict is final, which readiness never is. */
async function ask(
  kind: Kind,
  probe: Probe,
  target: Target,
  listener: ProbeListener,
  signal: AbortSignal,
): Promise<'success' | 'failure' | 'stopped'> {
  const { initialMs, periodMs, timeoutMs } = limitsOf(probe);
  const startedAt = Date.now();
  let state = initialProbeState(startedAt);
  // A program that has just been started may live without answering yet.
  await pause(kind === 'liveness' && initialMs === 0 ? periodMs : initialMs, signal);
  while (!signal.aborted) {
    const outcome = await attempt(target, probe, timeoutMs);
    if (signal.aborted) break;
    const before = state.verdict;
    const plan = planProbe(kind, probe, state, outcome, Date.now());
    state = plan.state;
    if (plan.tell && outcome.result === 'failure')
      listener.unhealthy(`${label(kind)} probe failed: ${outcome.message}`);
    if (kind === 'readiness' && state.verdict !== before) listener.ready(state.verdict === 'success');
    if (kind !== 'readiness' && state.verdict === 'failure') return 'failure';
    if (kind === 'startup' && state.verdict === 'success') return 'success';
    await pause(plan.nextMs, signal);
  }
  return 'stopped';
}

function label(kind: Kind): string {
  return `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
}
