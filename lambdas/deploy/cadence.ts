import type { Spent } from './patience.ts';

/** What AWS gives an execution (Lambda, "Durable functions quotas"), less what its other parts may come to. */
const OPERATIONS = 3_000 - 250;
export const BYTES = 80_000_000;
/** A look, a renewal and a pause. */
const OPERATIONS_A_LOOK = 3;
/** Seconds that a look takes, at the least. */
const LOOK = 0.3;
/** Seconds in which a release that is broken mostly shows it. */
const SOON = 30;

export interface Watching {
  /** Seconds since the phase's pods were ready. */
  elapsed: number;
  /** Seconds that this phase, and those after it, are still to be watched. */
  left: { phase: number; after: number };
  /** Whether anything but restarts is watched, which tells of trouble at once. */
  keenly: boolean;
  spent: Spent;
  /** Bytes that one look writes to the execution's history. */
  bytesALook: number;
}

/**
 * Seconds to sleep before the next look at a release that bakes: soon at first, then every few seconds, so that trouble
 * is answered within half a minute; more only where a long bake would use up what an execution may. The last look comes
 * right after the end. Pure.
 */
export function pauseBeforeLook({ elapsed, left, keenly, spent, bytesALook }: Watching): number {
  const toTheEnd = Math.max(1, Math.ceil(left.phase));
  // So few of them that they need not be counted.
  if (elapsed < SOON && spent.operations < OPERATIONS) return Math.min(2, toTheEnd);
  const wanted = keenly ? 4 : 8;
  const looks = Math.min(
    (OPERATIONS - spent.operations) / OPERATIONS_A_LOOK,
    (BYTES - spent.bytes) / Math.max(bytesALook, 1),
  );
  const affordable = Math.ceil((left.phase + left.after) / Math.max(looks, 1) - LOOK);
  return Math.min(Math.max(wanted, affordable), toTheEnd);
}
