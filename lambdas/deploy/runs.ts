import type { LastGood } from '../../lib/ledger/types.ts';
import type { Release } from '../../lib/release/types.ts';
import type { Progress } from './progress.ts';

/** What the ledger has of a release that is live, as of now: to be called within a step. */
export function liveOf(
  { commit, liveAt, before = [] }: Progress,
  release: Release,
  url: string | undefined,
): LastGood {
  const now = Date.now();
  const { watchFor } = release.bake;
  const ringing = before.filter(({ state }) => state === 'ALARM').map(({ name }) => name);
  return {
    release: release.number,
    commit,
    ...(url === undefined ? {} : { url }),
    liveSince: new Date(liveAt ?? now).toISOString(),
    ...(watchFor > 0 && { watchUntil: new Date(now + watchFor * 1000).toISOString() }),
    ...(watchFor > 0 && ringing.length > 0 && { ringing }),
  };
}
