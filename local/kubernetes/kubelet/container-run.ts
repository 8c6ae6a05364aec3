import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, type Target } from './attempt.ts';
import { lastOutput } from './log-file.ts';
import { pause } from './pause.ts';
import type { PodContext } from './pod-context.ts';
import type { RunFiles } from './prepare-container.ts';
import { probeContainer } from './prober.ts';
import type { Exit } from './sandbox.ts';
import type { Container, ContainerStatus } from './types.ts';

/** What a run tells the one who keeps the container's status. */
export interface RunListener {
  changed(change: Partial<ContainerStatus>): void;
  tell(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** One run of a container's program, from its start to its end: hooks, probes, and how it is ended. */
export class ContainerRun {
  readonly #context: PodContext;
  readonly #target: Target;
  readonly #exited: Promise<Exit>;
  readonly #stopSignal: number;
  readonly #listener: RunListener;
  /** Aborted when the program ended. */
  readonly #over = new AbortController();
  /** Aborted when it ended, or is being ended: probes stop. */
  readonly #ending = new AbortController();

  constructor(
    context: PodContext,
    target: Target,
    exited: Promise<Exit>,
    stopSignal: number,
    listener: RunListener,
  ) {
    this.#context = context;
    this.#target = target;
    this.#stopSignal = stopSignal;
    this.#listener = listener;
    this.#exited = exited.finally(() => {
      this.#over.abort();
      this.#ending.abort();
    });
  }

  /** Sees the run through. */
  async watch(kind: 'app' | 'init'): Promise<Exit> {
    const probing = this.#hookAndProbe(kind);
    const exit = await this.#exited;
    await probing;
    return exit;
  }

  /** Ends it: the preStop hook, then the stop signal, then SIGKILL after the grace. */
  async stop(graceMs: number, because: string): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#listener.tell('Normal', 'Killing', because);
    const deadline = Date.now() + graceMs;
    await Promise.race([this.#hook('preStop', graceMs), pause(graceMs, this.#over.signal)]);
    this.#target.sandbox.signal(this.#target.id, this.#stopSignal);
    await pause(Math.max(0, deadline - Date.now()), this.#over.signal);
    this.kill();
    await this.#exited;
  }

  kill(): void {
    if (!this.#over.signal.aborted) this.#target.sandbox.signal(this.#target.id, 'SIGKILL');
  }

  async #hookAndProbe(kind: 'app' | 'init'): Promise<void> {
    const { container } = this.#target;
    const { changed, tell } = this.#listener;
    const graceMs = 1_000 * (this.#context.pod.spec.terminationGracePeriodSeconds ?? 30);
    if ((await this.#hook('postStart', 3_600_000)) === 'failed')
      return this.stop(graceMs, 'FailedPostStartHook');
    if (kind === 'init') return changed({ started: true });
    await probeContainer(
      this.#target,
      {
        started: () => changed({ started: true }),
        ready: (ready) => changed({ ready }),
        unhealthy: (message) => tell('Warning', 'Unhealthy', message),
        failed: (probe, { terminationGracePeriodSeconds: own }) => {
          const message = `Container ${container.name} failed ${probe} probe, will be restarted`;
          void this.stop(own === undefined ? graceMs : 1_000 * own, message);
        },
      },
      this.#ending.signal,
    );
  }

  async #hook(name: 'postStart' | 'preStop', limitMs: number): Promise<'done' | 'failed'> {
    const handler = this.#target.container.lifecycle?.[name];
    if (!handler) return 'done';
    if (handler.sleep) {
      await pause(Math.min(limitMs, 1_000 * handler.sleep.seconds), this.#over.signal);
      return 'done';
    }
    const outcome = await attempt(this.#target, handler, limitMs);
    if (outcome.result === 'success') return 'done';
    const which = name === 'postStart' ? 'PostStart' : 'PreStop';
    this.#listener.tell('Warning', `Failed${which}Hook`, `${which}Hook failed: ${outcome.message}`);
    return 'failed';
  }
}

/**
 * What a container left to say why it ended: its termination message file, at most 4096 bytes, or else when it
 * asked for that and failed, 80 lines and 2048 bytes of its log. Source: kubelet `getTerminationMessage`.
 */
export async function lastWords(
  state: string,
  files: RunFiles,
  { terminationMessagePolicy }: Container,
  exitCode: number,
): Promise<string> {
  const written = await readFile(join(state, files.terminationMessage), 'utf8').catch(() => '');
  if (written !== '') return written.slice(0, 4_096);
  if (terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return '';
  return lastOutput(join(state, files.log), 80, 2_048);
}
