import { EventEmitter, once } from 'node:events';
import type { BuildEvent } from '../../types.ts';
import type { Ending, StoryLine } from '../protocol.ts';

/** Events and characters of output that are kept of one build; what comes after that is dropped, and said so once. */
const MOST_OUTPUT = 5_000;
const LONGEST_TEXT = 2_000;

/** What is told of one build, kept so that whoever lost the connection hears it all. */
export class Story {
  readonly #events: BuildEvent[] = [];
  readonly #changed = new EventEmitter();
  #outputs = 0;
  #ending: Ending | undefined;

  constructor() {
    this.#changed.setMaxListeners(0);
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  add = (event: BuildEvent): void => {
    if (this.#ending !== undefined) return;
    const kept = event.type === 'output' ? this.#bounded(event) : event;
    if (kept === undefined) return;
    this.#events.push(kept);
    this.#changed.emit('change');
  };

  end(ending: Ending): void {
    this.#ending ??= ending;
    this.#changed.emit('change');
  }

  /** Every line from event `from` on, as they come, until the ending or `signal`. */
  async *lines(from: number, signal: AbortSignal): AsyncGenerator<StoryLine> {
    for (let n = from; ; ) {
      for (; n < this.#events.length; n++) yield { n, event: this.#events[n] as BuildEvent };
      if (this.#ending !== undefined) {
        yield { ending: this.#ending };
        return;
      }
      if (signal.aborted) return;
      await once(this.#changed, 'change', { signal }).catch(() => undefined);
    }
  }

  #bounded(event: BuildEvent & { type: 'output' }): BuildEvent | undefined {
    this.#outputs++;
    if (this.#outputs === MOST_OUTPUT + 1)
      return { type: 'notice', message: `more output than ${MOST_OUTPUT} lines: the rest is not shown` };
    if (this.#outputs > MOST_OUTPUT) return undefined;
    return { ...event, text: event.text.slice(0, LONGEST_TEXT) };
  }
}
