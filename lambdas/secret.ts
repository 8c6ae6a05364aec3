import { getSecretValue, type SecretValue, type Version } from '../lib/aws/secrets-manager.ts';
import type { Aws } from '../lib/aws/types.ts';
import { FairleadError, messageOf } from '../lib/errors.ts';

/** ms that a value is used before it is read again. */
const FRESH = 5 * 60_000;
/** ms between two reads that somebody who guesses could cause. */
const LEAST = 2_000;
/** ms that the value from before a rotation is taken after it: as long as whoever has it has time to take up the new one. */
export const OVERLAP = 7 * 86_400_000;

type Stage = Extract<Version, { stage: string }>['stage'];

/** A reading that is going on, or has ended. */
interface Reading<T> {
  at: number;
  values: Promise<T>;
}

/** What a secret is now, and was. */
export interface Values {
  current: string | undefined;
  /** What it was before its last rotation, while that is taken. `until`: ms since the epoch; absent where nobody knows. */
  previous?: { value: string; until?: number };
}

/**
 * One secret of Secrets Manager, kept for a few minutes, so that a rotated one is taken up by and by; and at once where
 * somebody shows another value than the one that is kept.
 */
export class Secret {
  readonly #aws: Aws;
  readonly #id: string;
  #current: Reading<string | undefined> | undefined;
  #all: Reading<Values> | undefined;

  constructor(aws: Aws, id: string) {
    this.#aws = aws;
    this.#id = id;
  }

  /** @throws FairleadError `secret/unreadable` */
  async current(): Promise<string | undefined> {
    if (!isFresh(this.#current, FRESH)) this.#current = reading(this.#get('AWSCURRENT').then(textOf));
    return await this.#current?.values;
  }

  /** That its value was refused by whom it was shown to: it is read anew, if that was not just done. */
  renew(): void {
    if (!isFresh(this.#current, LEAST)) this.#current = undefined;
  }

  /**
   * The current value and the one before it, read anew: for whoever was shown a secret that `current` does not fit.
   * @throws FairleadError `secret/unreadable`
   */
  async all(): Promise<Values> {
    if (!isFresh(this.#all, LEAST)) {
      this.#all = reading(this.#readAll());
      this.#current = reading(this.#all.values.then(({ current }) => current));
    }
    return (await this.#all?.values) ?? { current: undefined };
  }

  async #readAll(): Promise<Values> {
    const [current, previous] = await Promise.all([this.#get('AWSCURRENT'), this.#get('AWSPREVIOUS')]);
    const [value, before] = [textOf(current), textOf(previous)];
    const until = current?.createdAt === undefined ? undefined : current.createdAt + OVERLAP;
    if (!before || (until !== undefined && Date.now() > until)) return { current: value };
    return { current: value, previous: { value: before, ...(until !== undefined && { until }) } };
  }

  async #get(stage: Stage): Promise<SecretValue | undefined> {
    try {
      return await getSecretValue(this.#aws, this.#id, { stage });
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

function textOf(value: SecretValue | undefined): string | undefined {
  return value?.text?.trim();
}

function reading<T>(values: Promise<T>): Reading<T> {
  const made = { at: Date.now(), values };
  // A failed read is not kept.
  values.catch(() => {
    made.at = 0;
  });
  return made;
}

function isFresh(reading: Reading<unknown> | undefined, age: number): boolean {
  return reading !== undefined && Date.now() - reading.at <= age;
}
