import { setTimeout as sleep } from 'node:timers/promises';
import { FairleadError } from '../../errors.ts';
import type { Control, Vm } from './control.ts';
import { Endpoint } from './endpoint.ts';
import { clientToken, runKey } from './identity.ts';

export interface FleetOptions {
  control: Control;
  /** The image that VMs run, by its ARN, and its version; the newest one when that is left out. */
  image: { arn: string; version?: string };
  /** What the keys of VMs are made from. */
  secret: () => Promise<string>;
  /** How long is waited for a VM that starts or wakes up. */
  patienceMs?: number;
}

/** A VM that takes builds. */
export interface Ready {
  vm: string;
  token: string;
  endpoint: Endpoint;
}

/** Builds of one app that may go on at the same time. */
const SLOTS = 4;
/** VMs of one app and slot that may end in a day; a VM lives 8 hours, and few end before that. */
const GENERATIONS = 16;
/** New VMs that do not answer, before it is said that there are none. */
const MOST_SILENT = 2;
const PATIENCE_MS = 60_000;
const POLL_MS = 250;

/** The VMs of an installation: a warm one for each app, found again without any record of it. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get control(): Control {
    return this.#options.control;
  }

  /** How many builds of one app find a VM of their own. */
  get slots(): readonly number[] {
    return Array.from({ length: SLOTS }, (_, slot) => slot);
  }

  /**
   * A VM for builds of `app` that answers: the one that is there, waked up if it sleeps, or a new one. `dead` are those
   * that the caller knows to be gone, whatever the API says.
   * @throws FairleadError `engine/unavailable`, `engine/refused`
   */
  async ready(app: string, slot: number, dead: ReadonlySet<string>): Promise<Ready> {
    const { image } = this.#options;
    const day = new Date().toISOString().slice(0, 10);
    const silent: string[] = [];
    for (let generation = 0; generation < GENERATIONS && silent.length < MOST_SILENT; generation++) {
      const words = { image: `${image.arn} ${image.version ?? ''}`, app, day, slot, generation };
      const token = clientToken(words);
      const payload = JSON.stringify({ key: runKey(await this.#options.secret(), token) });
      const vm = await this.control.run(image, token, payload);
      if (dead.has(vm.id) || isOver(vm)) continue;
      const endpoint = await this.endpoint(vm, token);
      const refusal = await this.#awaken(vm, endpoint);
      if (refusal === undefined) return { vm: vm.id, token, endpoint };
      silent.push(refusal);
      await this.control.terminate(vm.id);
    }
    throw new FairleadError({
      code: 'engine/unavailable',
      operation: `finding a MicroVM for ${app}`,
      cause: silent.length > 0 ? `none takes builds: ${silent.at(-1)}` : `${GENERATIONS} of them ended today`,
    });
  }

  /** The way into a VM that was ready before. */
  async endpoint(vm: Pick<Vm, 'id' | 'endpoint'>, token: string): Promise<Endpoint> {
    const known = this.#endpoints.get(vm.id);
    if (known !== undefined) return known;
    const made = new Endpoint(vm, runKey(await this.#options.secret(), token), this.control);
    this.#endpoints.set(vm.id, made);
    return made;
  }

  /** Why the VM is over, by what the API and the VM itself say; undefined when it answers. */
  async whyGone(id: string, endpoint: Endpoint): Promise<string | undefined> {
    const vm = await this.control.get(id);
    if (vm === undefined) return 'it is gone';
    return isOver(vm) ? reasonOf(vm) : await this.#awaken(vm, endpoint);
  }

  /** Waits until the VM answers; answers why it does not. */
  async #awaken(vm: Vm, endpoint: Endpoint): Promise<string | undefined> {
    const deadline = Date.now() + (this.#options.patienceMs ?? PATIENCE_MS);
    let { state } = vm;
    for (let why = ''; ; ) {
      if (state === 'SUSPENDED') await this.control.resume(vm.id);
      const heard = await endpoint.health();
      if (heard.is === 'story') return undefined;
      // It was run by another key: it is not ours, or what runs in it is not our server.
      if (heard.is === 'refused' && heard.code === 'wrong-key') return heard.message;
      why = heard.is === 'unreachable' ? heard.why : heard.message;
      if (Date.now() > deadline) return `it does not answer: ${why}`;
      await sleep(POLL_MS);
      const now = await this.control.get(vm.id);
      if (now !== undefined && isOver(now)) return reasonOf(now);
      state = now?.state ?? state;
    }
  }
}

function isOver({ state }: Vm): boolean {
  return state === 'TERMINATED' || state === 'TERMINATING';
}

function reasonOf({ reason }: Vm): string {
  return reason === undefined ? 'it was terminated' : `it was terminated: ${reason}`;
}
