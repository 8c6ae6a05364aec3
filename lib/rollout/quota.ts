import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { LiveObject } from '../kube/wire.ts';
import type { Cluster, Placed } from './cluster.ts';

interface Quota extends LiveObject {
  spec?: { hard?: Record<string, string> };
  status?: { hard?: Record<string, string> };
}

const LONGEST_MS = 5000;
const LOOK_MS = 100;
/** Until every API server has heard of the note: they admit pods by copies of it. */
const HEARD_MS = 300;

/**
 * Waits, but not for long, until the cluster counts by the quotas among `written`: pods are admitted by what its
 * controller has noted in the quota's status, which comes a moment after a change. Until then more pods are refused than
 * ought to be.
 */
export async function quotasTakenUp({ kube }: Cluster, written: readonly Placed[]): Promise<void> {
  const quotas = written.filter(({ resource }) => resource.kind === 'ResourceQuota');
  await Promise.all(
    quotas.map(async ({ path }) => {
      for (const end = Date.now() + LONGEST_MS; Date.now() < end; await sleep(LOOK_MS)) {
        const live = await kube.find<Quota>(path.object);
        if (live === undefined) return;
        if (isDeepStrictEqual(live.status?.hard, live.spec?.hard)) return await sleep(HEARD_MS);
      }
    }),
  );
}
