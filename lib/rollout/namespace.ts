import { FairleadError } from '../errors.ts';
import type { Kube } from '../kube/client.ts';
import { Mirror } from '../kube/watch.ts';
import type { Namespace } from '../kube/wire.ts';
import { createFenced } from '../kube/write.ts';
import type { Placed } from './cluster.ts';

/** How long a namespace that is being removed is waited for: its pods have their time to end, and more. */
const REMOVAL_MS = 60_000;

/**
 * Makes sure that the namespace exists. One that is there stays as it is: others may have made it and may use it. One
 * that is being removed (with a first release that failed) is waited for, and made anew.
 * @throws FairleadError `rollout/namespace-terminating`, temporary
 */
export async function ensureNamespace(
  kube: Kube,
  { resource, path }: Placed,
  fence: number,
): Promise<'created' | 'present'> {
  const live = await kube.find<Namespace>(path.object);
  if (live !== undefined && live.metadata?.deletionTimestamp === undefined) return 'present';
  if (live !== undefined) await removed(kube, resource.metadata.name);
  return createFenced(kube, path, resource, fence);
}

async function removed(kube: Kube, name: string): Promise<void> {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), REMOVAL_MS);
  let gone = false;
  const mirror = new Mirror<Namespace>(
    kube,
    '/api/v1/namespaces',
    { fieldSelector: `metadata.name=${name}` },
    () => {
      gone = mirror.synced && mirror.items.size === 0;
      if (gone) ended.abort();
    },
  );
  await mirror.run(ended.signal).finally(() => clearTimeout(timer));
  if (gone) return;
  throw new FairleadError({
    code: 'rollout/namespace-terminating',
    operation: `creating namespace ${name}`,
    cause: `the namespace of that name is still being removed after ${REMOVAL_MS / 1000} s`,
    temporary: true,
  });
}
