import type { Tell } from '../../commit.ts';
import type { EndedAnswer } from '../../types.ts';
import type { Ending, Order } from '../protocol.ts';
import { faultOf } from './faults.ts';
import { Story } from './story.ts';

/** Carries one order out. */
export type Carry = (order: Order, onEvent: Tell, signal: AbortSignal) => Promise<EndedAnswer>;

/** Ended builds that are remembered, so that a client that comes back hears how they ended. */
const REMEMBERED = 16;

interface Known {
  story: Story;
  abort: AbortController;
}

/** The builds of this VM: one at a time, since each may use all of it. */
export class Builds {
  readonly #carry: Carry;
  readonly #limitMs: number;
  readonly #known = new Map<string, Known>();

  /** `limitMs`: what one build may take. */
  constructor(carry: Carry, limitMs: number) {
    this.#carry = carry;
    this.#limitMs = limitMs;
  }

  find(name: string): Story | undefined {
    return this.#known.get(name)?.story;
  }

  /** Begins a build, or joins the one of that name; one that broke, not failed, is begun anew. */
  begin(order: Order): Story | 'busy' {
    const known = this.#known.get(order.name)?.story;
    if (known !== undefined && !(known.ending && 'fault' in known.ending)) return known;
    if ([...this.#known.values()].some(({ story }) => story.ending === undefined)) return 'busy';
    const begun = { story: new Story(), abort: new AbortController() };
    this.#known.delete(order.name);
    this.#known.set(order.name, begun);
    this.#forgetOldest();
    void this.#run(order, begun);
    return begun.story;
  }

  /** Breaks off whatever is going on. */
  abort(reason: string): void {
    for (const { story, abort } of this.#known.values())
      if (story.ending === undefined) abort.abort(new Error(reason));
  }

  async #run(order: Order, { story, abort }: Known): Promise<void> {
    const timeUp = AbortSignal.timeout(this.#limitMs);
    const signal = AbortSignal.any([abort.signal, timeUp]);
    let ending: Ending;
    try {
      ending = { answer: await this.#carry(order, story.add, signal) };
    } catch (error) {
      ending = timeUp.aborted ? tooLong(this.#limitMs) : faultOf(error);
    }
    story.end(ending);
  }

  #forgetOldest(): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
  }
}

function tooLong(limitMs: number): Ending {
  const minutes = Math.round(limitMs / 60_000);
  return { fault: { message: `the build was broken off after ${minutes} minutes`, exhausted: 'time' } };
}
