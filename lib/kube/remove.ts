import type { Kube } from './client.ts';
import { isNotFound, KubeError } from './error.ts';
import type { LiveObject } from './wire.ts';
import { ATTEMPTS, neverQuiet } from './write.ts';

/** How a removal ended. `kept`: it is not what this claim wrote. */
export type Removed = 'removed' | 'absent' | 'kept';

/**
 * Deletes what is at `path` if `mine` says so of it, and of nothing that came in its place meanwhile. What it owns (the
 * pods of a Deployment) goes after it, by the cluster's garbage collector.
 */
export async function removeIf(
  kube: Kube,
  path: string,
  mine: (live: LiveObject) => boolean,
): Promise<Removed> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const live = await kube.find<LiveObject>(path);
    if (live === undefined) return 'absent';
    if (!mine(live)) return 'kept';
    const { uid, resourceVersion } = live.metadata ?? {};
    const body = { propagationPolicy: 'Background', preconditions: { uid, resourceVersion } };
    try {
      await kube.send('DELETE', path, { body });
      return 'removed';
    } catch (error) {
      if (isNotFound(error)) return 'absent';
      if (!(error instanceof KubeError) || error.status !== 409) throw error;
    }
  }
  throw neverQuiet('removing', path);
}
