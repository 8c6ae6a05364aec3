import type { Finding, Watched } from './finding.ts';
import type { RestartLook } from './types.ts';

/** How often containers were restarted: a pod that is gone by now keeps its count. */
export function restartFindings({ bake, looks }: Watched): Finding[] {
  const most = new Map<string, RestartLook>();
  for (const look of looks.flatMap(({ restarts }) => restarts)) {
    const key = `${look.pod}/${look.container}`;
    if ((most.get(key)?.count ?? 0) < look.count) most.set(key, look);
  }
  const all = [...most.values()];
  const count = all.reduce((sum, look) => sum + look.count, 0);
  if (count === 0) return [];
  const worst = all.reduce((one, other) => (other.count > one.count ? other : one));
  const what = `${count === 1 ? 'one restart' : `${count} restarts`} after its pods were ready`;
  const why = `pod ${worst.pod}: ${worst.reason}`;
  return count > bake.restarts
    ? [{ is: 'bad', text: `${what}, ${bake.restarts} are borne; ${why}` }]
    : [{ is: 'note', text: `${what}, which is borne; ${why}` }];
}
