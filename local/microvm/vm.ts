import { randomUUID } from 'node:crypto';
import { type Listener, listen } from '../aws/loopback.ts';
import { Machine, type MachineOptions } from './machine.ts';
import { proxy } from './proxy.ts';
import { type Ports, Tokens } from './tokens.ts';

export type State = 'PENDING' | 'RUNNING' | 'SUSPENDING' | 'SUSPENDED' | 'TERMINATING' | 'TERMINATED';

/** Seconds, as RunMicrovm takes them. */
export interface IdlePolicy {
  maxIdleDurationSeconds: number;
  suspendedDurationSeconds: number;
  autoResumeEnabled: boolean;
}

export interface VmOptions extends Omit<MachineOptions, 'folder'> {
  /** Where the disks of VMs are. */
  folder: string;
  runHookPayload: string;
  idlePolicy?: IdlePolicy;
  maximumDurationInSeconds: number;
  /** How long a second of these lasts, in ms; shorter in tests. */
  secondMs: number;
}

/** One MicroVM: a machine, its endpoint, and when it sleeps and ends. */
export class Vm {
  readonly id = `mvm-${randomUUID()}`;
  readonly startedAt = new Date();
  readonly #options: VmOptions;
  readonly #tokens = new Tokens();
  readonly #machine: Machine;
  readonly #changes: { at: number; state: State }[] = [{ at: 0, state: 'PENDING' }];
  #listener: Listener | undefined;
  #reason: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #life: NodeJS.Timeout | undefined;
  #open = 0;
  /** Changes of state, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #ending: Promise<void> | undefined;

  constructor(options: VmOptions) {
    this.#options = options;
    this.#machine = new Machine({ ...options, folder: `${options.folder}/${this.id.slice(4, 12)}` });
    this.#machine.ended.then((why) => this.#died(why));
    const life = options.maximumDurationInSeconds * options.secondMs;
    this.#life = setTimeout(() => this.terminate('its maximum duration is over'), life);
  }

  /** Opens its endpoint, and lets it start. */
  async open(): Promise<void> {
    this.#listener = await listen(
      proxy({
        allows: (token, port) => this.#tokens.allows(token, port),
        arriving: () => this.#arriving(),
        left: () => this.#left(),
        socket: (port) => this.#machine.socket(port),
      }),
    );
    this.#inTurn(() => this.#start());
  }

  get endpoint(): string {
    return this.#listener?.url ?? '';
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  get idlePolicy(): IdlePolicy | undefined {
    return this.#options.idlePolicy;
  }

  get maximumDurationInSeconds(): number {
    return this.#options.maximumDurationInSeconds;
  }

  /** Its state as it was `lagMs` ago, which is what the API tells. */
  state(lagMs = 0): State {
    const at = Date.now() - lagMs;
    return this.#changes.findLast((change) => change.at <= at)?.state ?? 'PENDING';
  }

  suspend(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.state() !== 'RUNNING') return;
      this.#enter('SUSPENDING');
      await this.#machine.hook('suspend', '').catch(() => 0);
      this.#machine.stop();
      this.#enter('SUSPENDED');
      const { idlePolicy, secondMs } = this.#options;
      if (idlePolicy === undefined) return;
      const over = () => this.terminate('it was suspended for too long');
      this.#after(idlePolicy.suspendedDurationSeconds * secondMs, over);
    });
  }

  resume(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.state() !== 'SUSPENDED') return;
      this.#machine.continue();
      await this.#machine.hook('resume', '').catch(() => 0);
      this.#enter('RUNNING');
      this.#rest();
    });
  }

  async terminate(reason?: string): Promise<void> {
    if (/^TERMINAT/.test(this.state())) return;
    this.#reason = reason;
    if (this.state() === 'SUSPENDED') this.#machine.continue();
    this.#enter('TERMINATING');
    await this.#machine.hook('terminate', '', 1_000).catch(() => 0);
    await this.#end();
  }

  /** Ends the machine without a word, as when its hardware fails. */
  async crash(): Promise<void> {
    await this.#machine.kill();
  }

  /** A token for its endpoint, for so long and for these ports. */
  grant(ms: number, ports: readonly Ports[]): string {
    return this.#tokens.give(ms, ports);
  }

  async #start(): Promise<void> {
    try {
      await this.#machine.boot();
      const { runHookPayload } = this.#options;
      const status = await this.#machine.hook('run', JSON.stringify({ microvmId: this.id, runHookPayload }));
      if (status !== 200) throw new Error(`its run hook answered ${status}`);
      if (this.state() !== 'PENDING') return;
      this.#enter('RUNNING');
      this.#rest();
    } catch (error) {
      this.#reason ??= (error as Error).message;
      await this.#end();
    }
  }

  async #arriving(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#open++;
    await this.#turn;
    if (this.state() === 'SUSPENDED' && this.#options.idlePolicy?.autoResumeEnabled) await this.resume();
    if (this.state() === 'RUNNING') return true;
    this.#open--;
    return false;
  }

  #left(): void {
    this.#open--;
    this.#rest();
  }

  /** Begins to count the time without requests. */
  #rest(): void {
    const { idlePolicy, secondMs } = this.#options;
    if (idlePolicy === undefined || this.#open > 0 || this.state() !== 'RUNNING') return;
    this.#after(idlePolicy.maxIdleDurationSeconds * secondMs, () => this.suspend());
  }

  #after(ms: number, act: () => Promise<void>): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms);
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #enter(state: State): void {
    const wayBack = /^TERMINAT/.test(this.state()) && state !== 'TERMINATED';
    if (!wayBack) this.#changes.push({ at: Date.now(), state });
  }

  #died(why: string): void {
    this.#reason ??= `its process ended (${why})`;
    void this.#end();
  }

  /** Once; it is terminated when nobody answers any more. */
  #end(): Promise<void> {
    this.#ending ??= (async () => {
      clearTimeout(this.#timer);
      clearTimeout(this.#life);
      this.#enter('TERMINATING');
      await this.#machine.kill();
      await this.#listener?.close();
      this.#enter('TERMINATED');
    })();
    return this.#ending;
  }
}
