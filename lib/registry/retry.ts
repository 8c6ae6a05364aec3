import { setTimeout as wait } from 'node:timers/promises';
import { FairleadError } from '../errors.ts';
import { RegistryError } from './faults.ts';

/** How often something is tried, and how long is waited in between. */
export interface Patience {
  /** Tries in all. */
  attempts: number;
  /** Milliseconds before the second try; doubled before each one after it. */
  firstDelay: number;
  /** The longest wait in milliseconds; a registry that asks for more is given up on. */
  longestDelay: number;
}

export const PATIENT: Patience = { attempts: 5, firstDelay: 200, longestDelay: 20_000 };

/**
 * Calls `attempt` until it succeeds, fails for good, or has been tried often enough. The number of tries that came
 * before is its argument. Only faults that are `temporary` are tried again.
 */
export async function withRetries<T>(
  attempt: (triesBefore: number) => Promise<T>,
  patience: Patience,
  signal?: AbortSignal,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt(tries);
    } catch (error) {
      const delay = delayBefore(tries + 1, patience, error);
      if (delay === undefined) throw error;
      await wait(delay, undefined, { ...(signal && { signal }) });
    }
  }
}

/** Milliseconds to wait before a try, or undefined when there should be none. */
export function delayBefore(
  tries: number,
  { attempts, firstDelay, longestDelay }: Patience,
  error: unknown,
  random = Math.random(),
): number | undefined {
  if (!(error instanceof FairleadError) || !error.temporary || tries >= attempts) return undefined;
  const { retryAfter: asked = 0, mostTries = attempts } = error instanceof RegistryError ? error : {};
  if (tries >= mostTries) return undefined;
  if (asked > longestDelay) return undefined;
  // Spread, so that those who failed together do not come back together.
  const own = firstDelay * 2 ** (tries - 1) * (0.5 + random / 2);
  return Math.min(longestDelay, Math.max(asked, own));
}
