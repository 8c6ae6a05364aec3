import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws/error.ts';
import { Capacity } from './capacity.ts';
import type { Host } from './environment.ts';
import type { FunctionMeter } from './measure.ts';
import { Pool } from './pool.ts';
import { type FunctionSpec, functionArn, type Invocation, type Outcome, type Place } from './types.ts';

/** A function, and the version or alias that it was called by, if any. */
export interface Target {
  spec: FunctionSpec;
  qualifier?: string;
}

export interface InvokeOptions {
  /** What to do when too much runs already: throw TooManyRequestsException, or wait for a place. */
  whenBusy: 'refuse' | 'wait';
  requestId?: string;
  clientContext?: string;
  /** ms since 1970: of an event that was taken in to be worked on later, when that was. */
  acceptedAt?: number;
}

export interface FunctionsOptions {
  place: Place;
  functions: readonly FunctionSpec[];
  hostFor(spec: FunctionSpec): Omit<Host, 'onEnded'>;
  idleMs: number;
  /** Invocations at once, of all functions. */
  concurrency: number;
  meter: FunctionMeter;
}

// A name, NAME:QUALIFIER, ACCOUNT:function:NAME[:QUALIFIER] or a whole ARN.
const REFERENCE =
  /^(?:(?:arn:aws:lambda:[a-z0-9-]+:)?\d{12}:function:)?(?<name>[A-Za-z0-9_-]+)(?::(?<qualifier>\$LATEST|[A-Za-z0-9_-]+))?$/;

/** The deployed functions. Versions and aliases all mean the code that is there. */
export class Functions {
  readonly place: Place;
  readonly #pools: ReadonlyMap<string, Pool>;
  readonly #capacity: Capacity;
  readonly #meter: FunctionMeter;
  #closed = false;

  constructor({ place, functions, hostFor, idleMs, concurrency, meter }: FunctionsOptions) {
    this.place = place;
    this.#meter = meter;
    this.#capacity = new Capacity(concurrency);
    this.#pools = new Map(functions.map((spec) => [spec.name, new Pool(spec, () => hostFor(spec), idleMs)]));
  }

  /** The function that `reference` names; throws ResourceNotFoundException. */
  find(reference: string, qualifier?: string): Target {
    const { name = reference, qualifier: own } = REFERENCE.exec(reference)?.groups ?? {};
    const spec = this.#pools.get(name)?.spec;
    if (spec !== undefined) return { spec, qualifier: qualifier ?? own };
    const arn = functionArn(this.place, name, qualifier ?? own);
    throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
  }

  arnOf({ spec, qualifier }: Target): string {
    return functionArn(this.place, spec.name, qualifier);
  }

  /** Runs a function's handler once with `payload` (JSON). */
  async invoke(target: Target, payload: Buffer, options: InvokeOptions): Promise<Outcome> {
    const { spec } = target;
    if (options.whenBusy === 'wait') await this.#capacity.take(spec);
    else if (!this.#capacity.tryTake(spec)) {
      this.#meter.throttled(spec.name);
      throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
    }
    const invocation: Invocation = {
      requestId: options.requestId ?? randomUUID(),
      payload: payload.length === 0 ? Buffer.from('{}') : payload,
      functionArn: this.arnOf(target),
      clientContext: options.clientContext,
    };
    try {
      if (this.#closed) throw new AwsError('ServiceException', 'the local cloud is closing', 500);
      const began = Date.now();
      if (options.acceptedAt !== undefined) this.#meter.waited(spec.name, began - options.acceptedAt);
      const outcome = await this.#pool(spec).run(invocation);
      this.#meter.ran(spec.name, outcome.ok, Date.now() - began);
      return outcome;
    } finally {
      this.#capacity.release(spec);
    }
  }

  /** How many execution environments a function has. */
  environments(name: string): number {
    return this.#pools.get(name)?.size ?? 0;
  }

  /** Ends all environments and starts no others. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
  }

  #pool(spec: FunctionSpec): Pool {
    const pool = this.#pools.get(spec.name);
    if (pool === undefined) throw new Error(`no function ${spec.name}`);
    return pool;
  }
}
