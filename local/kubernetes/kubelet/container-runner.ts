import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { timestamp } from '../object.ts';
import { ContainerRun, lastWords } from './container-run.ts';
import { ConfigError } from './environment.ts';
import type { LocalImage } from './images/image-store.ts';
import { obtainImage } from './obtain-image.ts';
import { pause } from './pause.ts';
import type { PodContext } from './pod-context.ts';
import { prepareContainer, type RunFiles, runFiles } from './prepare-container.ts';
import { lookAgainMs, planRestart } from './restart.ts';
import type { ContainerSpec, Exit } from './sandbox.ts';
import type { Container, ContainerStatus, Terminated } from './types.ts';

/** Runs one container of a pod from its image to its end, over all restarts, and keeps its status. */
export class ContainerRunner {
  readonly #context: PodContext;
  readonly #container: Container;
  readonly #kind: 'app' | 'init';
  #status: ContainerStatus;
  #run: ContainerRun | undefined;
  #waitMs = 0;

  constructor(context: PodContext, container: Container, kind: 'app' | 'init') {
    this.#context = context;
    this.#container = container;
    this.#kind = kind;
    const isAfterInit = kind === 'app' && context.pod.spec.initContainers?.length;
    this.#status = {
      name: container.name,
      state: { waiting: { reason: isAfterInit ? 'PodInitializing' : 'ContainerCreating' } },
      lastState: {},
      ready: false,
      restartCount: 0,
      image: container.image,
      imageID: '',
      started: false,
    };
  }

  get status(): ContainerStatus {
    return this.#status;
  }

  /** The log of the current run or the one before it. */
  log(which: 'current' | 'previous'): { path: string; isOver: () => boolean } {
    const restart = this.#status.restartCount - (which === 'previous' ? 1 : 0);
    const { log } = this.#files(restart);
    const isOver = () => this.#status.restartCount !== restart || this.#run === undefined;
    return { path: join(this.#context.state, log), isOver };
  }

  /** Runs until the container ended for good, or the pod is to end and the container has. */
  async run(): Promise<'succeeded' | 'failed'> {
    const { stopping, pod, backOff } = this.#context;
    while (!stopping.aborted) {
      const startedAt = Date.now();
      const exit = await this.#runOnce();
      if (!exit) break;
      const ended = { exitCode: exit.code, ranMs: Date.now() - startedAt, kind: this.#kind };
      const plan = planRestart(pod.spec.restartPolicy, ended, this.#waitMs, backOff);
      if (plan.do === 'stay' || stopping.aborted) return exit.code === 0 ? 'succeeded' : 'failed';
      this.#waitMs = plan.nextWaitMs;
      if (plan.waitMs > 0) await this.#crashLoop(plan.waitMs);
    }
    return 'failed';
  }

  /** Ends the current run, if there is one, and only that: see `PodContext.stopping` for all that would follow. */
  async stop(graceMs: number): Promise<void> {
    await this.#run?.stop(graceMs, `Stopping container ${this.#container.name}`);
  }

  kill(): void {
    this.#run?.kill();
  }

  /** @returns undefined when the pod is to end before anything ran */
  async #runOnce(): Promise<Exit | undefined> {
    const image = await obtainImage(this.#context, this.#container, (reason, message) =>
      this.#wait(reason, message),
    );
    if (!image) return undefined;
    const release = this.#context.images.hold(image);
    try {
      return await this.#runImage(image);
    } finally {
      release();
    }
  }

  async #runImage(image: LocalImage): Promise<Exit | undefined> {
    const { restartCount } = this.#status;
    const restart = this.#lastEnd().terminated ? restartCount + 1 : restartCount;
    const files = this.#files(restart);
    const spec = await this.#configure(image, files);
    if (!spec || this.#context.stopping.aborted) return undefined;
    const startedAt = new Date();
    this.#tell('Normal', 'Created', `Created container: ${this.#container.name}`);
    const id = randomBytes(32).toString('hex');
    const run = await this.#start(id, spec, image, restart);
    const exit = run ? await run.watch(this.#kind) : { code: 128 };
    this.#run = undefined;
    await (run ? this.#ended(id, exit, startedAt, files) : this.#notStarted(startedAt));
    await this.#context.runtime.remove(join(this.#context.state, files.scratch)).catch(() => {});
    return exit;
  }

  /** Waits for what the spec refers to. */
  async #configure(image: LocalImage, files: RunFiles): Promise<ContainerSpec | undefined> {
    const { stopping } = this.#context;
    for (let tries = 0; !stopping.aborted; tries += 1) {
      const changed = this.#context.configurationChanged(lookAgainMs(tries));
      try {
        return await prepareContainer(this.#context, this.#container, image, files);
      } catch (error) {
        const { message } = error as Error;
        this.#tell('Warning', 'Failed', `Error: ${message}`);
        this.#wait(
          error instanceof ConfigError ? 'CreateContainerConfigError' : 'CreateContainerError',
          message,
        );
        await changed;
      }
    }
    return undefined;
  }

  /** @returns undefined when the program could not be started */
  async #start(
    id: string,
    spec: ContainerSpec,
    image: LocalImage,
    restartCount: number,
  ): Promise<ContainerRun | undefined> {
    const { facts, stopping } = this.#context;
    const common = { restartCount, lastState: this.#lastEnd(), imageID: image.id, containerID: idOf(id) };
    try {
      const sandbox = await this.#context.sandbox();
      const { exited } = await sandbox.start(id, spec);
      const target = { sandbox, id, podIP: facts.podIP, container: this.#container };
      this.#run = new ContainerRun(this.#context, target, exited, stopSignalOf(image), {
        changed: (change) => this.#set(change),
        tell: (type, reason, message) => this.#tell(type, reason, message),
      });
      this.#tell('Normal', 'Started', `Started container ${this.#container.name}`);
      this.#set({ ...common, state: { running: { startedAt: timestamp(new Date()) } }, started: false });
      // The pod was told to end while this was starting.
      if (stopping.aborted) this.kill();
      return this.#run;
    } catch (error) {
      const message = `failed to start container "${this.#container.name}": unable to start container process: ${(error as Error).message}`;
      this.#tell('Warning', 'Failed', `Error: ${message}`);
      this.#set({ ...common, state: { waiting: { reason: 'RunContainerError', message } } });
      return undefined;
    }
  }

  async #ended(id: string, exit: Exit, startedAt: Date, files: RunFiles): Promise<void> {
    const message = await lastWords(this.#context.state, files, this.#container, exit.code);
    const terminated: Terminated = {
      exitCode: exit.code,
      ...(exit.signal !== undefined && { signal: exit.signal }),
      reason: exit.code === 0 ? 'Completed' : 'Error',
      ...(message !== '' && { message }),
      startedAt: timestamp(startedAt),
      finishedAt: timestamp(new Date()),
      containerID: idOf(id),
    };
    const ready = this.#kind === 'init' && exit.code === 0;
    this.#set({ state: { terminated }, ready, started: false });
    const { log } = this.#files(this.#status.restartCount - 2);
    for (const path of [log, `${log}.1`]) await rm(join(this.#context.state, path), { force: true });
  }

  /** What could not be started stays "waiting", as in kubelet, until it is tried again. */
  #notStarted(startedAt: Date): void {
    const { message } = this.#status.state.waiting ?? {};
    const terminated: Terminated = {
      exitCode: 128,
      reason: 'StartError',
      ...(message !== undefined && { message }),
      startedAt: timestamp(startedAt),
      finishedAt: timestamp(new Date()),
    };
    this.#set({ lastState: { terminated } });
  }

  async #crashLoop(waitMs: number): Promise<void> {
    const { pod, stopping } = this.#context;
    const { name } = this.#container;
    const who = `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
    this.#tell('Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${who}`);
    this.#wait(
      'CrashLoopBackOff',
      `back-off ${duration(waitMs)} restarting failed container=${name} pod=${who}`,
    );
    await pause(waitMs, stopping);
  }

  #files(restart: number): RunFiles {
    return runFiles(this.#context, this.#container.name, restart);
  }

  /** How the last run ended, empty before the first end. */
  #lastEnd(): ContainerStatus['lastState'] {
    return this.#status.state.terminated ? this.#status.state : this.#status.lastState;
  }

  #wait(reason: string, message?: string): void {
    const waiting = { reason, ...(message !== undefined && { message }) };
    this.#set({ state: { waiting }, lastState: this.#lastEnd() });
  }

  #set(change: Partial<ContainerStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#context.changed();
  }

  #tell(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.tell(type, reason, message, this.#container.name);
  }
}

function idOf(id: string): string {
  return `podruntime://${id}`;
}

/** As Go prints it: `10s`, `2m40s`. */
function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

const signals: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
};

/** The image's `STOPSIGNAL`. */
function stopSignalOf({ config }: LocalImage): number {
  const name = config.config?.StopSignal ?? 'SIGTERM';
  return Number(name) || signals[name] || signals[`SIG${name}`] || 15;
}
