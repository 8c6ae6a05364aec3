import { getSecretValue, type Version } from '../lib/aws/secrets-manager.ts';
import type { Aws } from '../lib/aws/types.ts';
import { FairleadError, messageOf } from '../lib/errors.ts';

/** ms that a value is used before it is read again. */
const FRESH = 5 * 60_000;
/** ms between two reads that somebody who guesses could cause. */
const LEAST = 2_000;

type Stage = Extract<Version, { stage: string }>['stage'];

interface Reading {
  at: number;
  values: Promise<string[]>;
}

/** One secret of Secrets Manager, kept for a few minutes, so that a rotated one is taken up by and by. */
export class Secret {
  readonly #aws: Aws;
  readonly #id: string;
  #current: Reading | undefined;
  #all: Reading | undefined;

  constructor(aws: Aws, id: string) {
    this.#aws = aws;
    this.#id = id;
  }

  /** @throws FairleadError `secret/unreadable` */
  async current(): Promise<string | undefined> {
    if (!isFresh(this.#current, FRESH)) this.#current = this.#read(['AWSCURRENT']);
    return (await this.#current?.values)?.[0];
  }

  /**
   * The current value and the one before it, read anew: for whoever was shown a secret that `current` does not fit.
   * @throws FairleadError `secret/unreadable`
   */
  async all(): Promise<readonly string[]> {
    if (!isFresh(this.#all, LEAST)) {
      this.#all = this.#read(['AWSCURRENT', 'AWSPREVIOUS']);
      this.#current = this.#all;
    }
    return (await this.#all?.values) ?? [];
  }

  #read(stages: Stage[]): Reading {
    const values = Promise.all(stages.map((stage) => this.#get(stage))).then((found) =>
      found.filter((value) => value !== undefined),
    );
    const reading = { at: Date.now(), values };
    // A failed read is not kept.
    values.catch(() => {
      reading.at = 0;
    });
    return reading;
  }

  async #get(stage: Stage): Promise<string | undefined> {
    try {
      return (await getSecretValue(this.#aws, this.#id, { stage })).text?.trim();
    } catch (error) {
      const { name } = error as Error;
      if (stage === 'AWSPREVIOUS' && /^(ResourceNotFound|InvalidRequest)/.test(name)) return undefined;
      throw new FairleadError(
        {
          code: 'secret/unreadable',
          operation: `reading the secret ${this.#id}`,
          cause: messageOf(error),
          remedy: 'check that the secret has a value and that the function’s role may read it',
          temporary: !/^(ResourceNotFound|AccessDenied)/.test(name),
        },
        { cause: error },
      );
    }
  }
}

function isFresh(reading: Reading | undefined, age: number): boolean {
  return reading !== undefined && Date.now() - reading.at <= age;
}
