import { type BuildFacts, whyNotOn } from '../../build/plan/needs.ts';
import { FairleadError } from '../../errors.ts';
import type { Platform } from '../../image/types.ts';
import type { Tell } from '../commit.ts';
import type { Followed, RemoteEngine, RemoteJob } from '../types.ts';
import type { Endpoint } from './endpoint.ts';
import type { Fleet } from './fleet.ts';
import { decodeHandle, encodeHandle, type Handle } from './identity.ts';
import { ownerOf } from './owner.ts';
import type { Order } from './protocol.ts';
import { Watch } from './watch.ts';

export interface MicrovmEngineOptions {
  fleet: Fleet;
  /** What the VMs run on. */
  machine: Platform;
  /** What a build takes from outside, its credentials among it; made anew each time, as they do not hold for long. */
  access: (job: RemoteJob) => Promise<Access>;
}

/** What an order says beside the build itself. */
export type Access = Pick<Order, 'source' | 'registries' | 'network' | 'isolation'>;

/** Builds in Lambda MicroVMs: any Dockerfile for their processor, with the caches of the app's last build. */
export class MicrovmEngine implements RemoteEngine {
  readonly name = 'microvm';
  readonly title = 'a MicroVM';
  readonly #options: MicrovmEngineOptions;

  constructor(options: MicrovmEngineOptions) {
    this.#options = options;
  }

  whyNot(facts: BuildFacts): string | undefined {
    return whyNotOn(facts.needs(this.#options.machine), this.#options.machine);
  }

  async start(job: RemoteJob): Promise<{ id: string }> {
    return { id: encodeHandle(await this.#begin(job, new Set())) };
  }

  async follow(job: RemoteJob, id: string, onEvent: Tell, until: Date): Promise<Followed> {
    const handle = decodeHandle(id);
    if (handle === undefined)
      throw new FairleadError({
        code: 'engine/unknown-build',
        operation: `following the build ${job.name}`,
        cause: 'its id is not one of a build in a MicroVM',
      });
    const watch = new Watch(job, handle, onEvent, {
      fleet: this.#options.fleet,
      begin: (dead) => this.#begin(job, dead),
      order: (endpoint) => this.#order(job, endpoint),
    });
    return await watch.until(until);
  }

  /** Hands the order to the first VM of the app that is free. */
  async #begin(job: RemoteJob, dead: ReadonlySet<string>): Promise<Handle> {
    const { fleet } = this.#options;
    const { app } = job.request.subject;
    for (const slot of fleet.slots) {
      const { vm, token, endpoint } = await fleet.ready(ownerOf(job.request), slot, dead);
      const taken = await this.#order(job, endpoint);
      if (taken === 'busy') continue;
      return { vm, token, from: 0, lost: 0, broken: 0 };
    }
    throw new FairleadError({
      code: 'engine/unavailable',
      operation: `building ${app} in a MicroVM`,
      cause: `${fleet.slots.length} builds of this app are going on`,
    });
  }

  async #order(job: RemoteJob, endpoint: Endpoint): Promise<'taken' | 'busy'> {
    const { subject, repository, publishTo, tags, environment } = job.request;
    const order: Order = {
      name: job.name,
      subject: { delivery: subject.delivery, app: subject.app, commit: subject.commit },
      repository: { host: repository.host, owner: repository.owner, name: repository.name },
      publishTo,
      tags,
      ...(environment === undefined ? {} : { environment }),
      platform: job.platform,
      ...(await this.#options.access(job)),
    };
    const heard = await endpoint.order(JSON.stringify(order), 0);
    // Unreachable: whether it was taken shows when the build is heard of.
    if (heard.is === 'unreachable') return 'taken';
    if (heard.is === 'story') {
      for await (const _ of heard.lines) break;
      return 'taken';
    }
    if (heard.code === 'busy') return 'busy';
    throw new FairleadError({
      code: 'engine/refused',
      operation: `handing the build of ${subject.app} to a MicroVM`,
      cause: `${heard.status} ${heard.message}`,
    });
  }
}
