import { RemoteCache } from '../build/cache/remote-cache.ts';
import { cacheTag } from '../build/cache/tag.ts';
import { machinePlatform } from '../image/platform.ts';
import type { Platform } from '../image/types.ts';
import type { Registries } from '../registry/registries.ts';
import { productionRepository } from './repositories.ts';
import type { BuildEvent } from './types.ts';

/** ms that a build's answer waits for its cache after the image is published. What is not kept then is next time. */
const PATIENCE = 10_000;

/**
 * The cache that is kept beside an app's images: who can publish there, and nobody else, can write it. One in a `scope` is
 * written apart, and reads production's, too.
 */
export function cacheBeside(
  publishTo: string,
  registries: Registries,
  scope: string | undefined,
  platform: Platform = machinePlatform(),
): RemoteCache {
  const common = {
    artifacts: registries.artifacts(productionRepository(publishTo)),
    tag: cacheTag(platform),
  };
  if (scope === undefined) return new RemoteCache({ from: [common], to: common });
  const own = { artifacts: registries.artifacts(publishTo), tag: cacheTag(platform, scopeTag(scope)) };
  return new RemoteCache({ from: [own, common], to: own });
}

/** The end of a cache's tag: no platform's name has it. */
export function scopeTag(scope: string): string {
  return `of.${scope}`;
}

/** Keeps what a build made, while its image is published and for a while after that. Never throws. */
export async function keepCache(
  cache: RemoteCache,
  publishing: Promise<unknown>,
  onEvent: (event: BuildEvent) => void,
  signal?: AbortSignal,
): Promise<void> {
  const late = new AbortController();
  let published = 0;
  let timer: NodeJS.Timeout | undefined;
  const settled = publishing.finally(() => {
    published = Date.now();
    timer = setTimeout(() => late.abort(new Error(`it took longer than ${PATIENCE / 1000} s`)), PATIENCE);
  });
  settled.catch(() => {});
  const stop = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  const saved = await cache.save(settled, stop);
  clearTimeout(timer);
  if (saved === undefined || saved.sentBytes === 0) return;
  const { sentBytes, totalBytes } = saved;
  onEvent({ type: 'cached', sentBytes, totalBytes, ms: Date.now() - published });
}
