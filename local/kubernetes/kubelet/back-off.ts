/** How long to wait before trying again what failed: `initial`, then twice as long each time up to `limit`. */
export interface BackOff {
  initialMs: number;
  limitMs: number;
}

/** kubelet's values for image pulls and for restarts. */
export const kubeletBackOff: BackOff = { initialMs: 10_000, limitMs: 300_000 };

/**
 * The wait after one more failure.
 * @param previous the wait before, 0 when there was none
 */
export function nextWait(previous: number, { initialMs, limitMs }: BackOff): number {
  return previous === 0 ? initialMs : Math.min(2 * previous, limitMs);
}
