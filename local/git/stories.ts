import type { EventEmitter } from 'node:events';

/** A structured log record of a function, as far as the story of a push goes. */
export interface StoryRecord {
  message: string;
  event?: string;
  /** X-GitHub-Delivery of the push that it belongs to. */
  delivery?: string;
}

/** Ends a story: emitted exactly once for each delivery that was accepted. */
const LAST_EVENT = 'deploy.settled';

/** Sorts the log records of all functions by the delivery that they tell of. */
export class Stories {
  readonly #records: EventEmitter;
  readonly #followed = new Map<string, Story>();
  readonly #listener = (entry: unknown) => this.#heard(entry);

  /** @param records emits `record` with `{ function, record: StoryRecord }` */
  constructor(records: EventEmitter) {
    this.#records = records;
    records.on('record', this.#listener);
  }

  /** The story of `delivery` from now on; to be closed by whoever follows it. */
  follow(delivery: string): Story {
    const story = new Story(() => this.#followed.delete(delivery));
    this.#followed.set(delivery, story);
    return story;
  }

  close(): void {
    this.#records.off('record', this.#listener);
    for (const story of this.#followed.values()) story.close('The git host stops; the deployment may go on');
  }

  #heard(entry: unknown): void {
    const record = (entry as { record?: Partial<StoryRecord> } | undefined)?.record;
    if (typeof record?.message !== 'string' || typeof record.delivery !== 'string') return;
    this.#followed.get(record.delivery)?.add(record as StoryRecord);
  }
}

/** The records of one delivery in their order, as an iteration that ends with the last of them. */
export class Story {
  readonly #forget: () => void;
  readonly #records: StoryRecord[] = [];
  #state: 'open' | 'ended' = 'open';
  #brokenOff: string | undefined;
  #wake: () => void = () => undefined;

  constructor(forget: () => void) {
    this.#forget = forget;
  }

  /** Why the story broke off before its last record was given out; `undefined` where it did not. */
  get brokenOff(): string | undefined {
    return this.#brokenOff;
  }

  add(record: StoryRecord): void {
    this.#records.push(record);
    this.#wake();
  }

  /** Nobody listens any more; an iteration that waits ends. */
  close(why: string): void {
    if (this.#state === 'open') this.#brokenOff = why;
    this.#state = 'ended';
    this.#forget();
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StoryRecord> {
    while (this.#state === 'open') {
      const record = this.#records.shift();
      if (record === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      if (record.event === LAST_EVENT) this.#state = 'ended';
      yield record;
    }
  }
}
