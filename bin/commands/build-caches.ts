import type { BuildOptions } from '../../lib/build/build.ts';
import { RemoteCache } from '../../lib/build/cache/remote-cache.ts';
import { cacheTag } from '../../lib/build/cache/tag.ts';
import type { Platform } from '../../lib/image/types.ts';
import type { Registries } from '../../lib/registry/registries.ts';
import { task } from './build-export.ts';
import type { CacheReference } from './build-flags.ts';
import type { ShownEvent } from './progress/state.ts';

interface CacheFlags {
  cacheFrom?: CacheReference[];
  cacheTo?: CacheReference[];
  platform?: readonly Platform[];
}

/** The caches in registries that the flags name: one for each platform that is built. */
export class BuildCaches {
  readonly #flags: CacheFlags;
  readonly #registries: Registries;
  readonly #caches: RemoteCache[] = [];

  constructor(flags: CacheFlags, registries: Registries) {
    this.#flags = flags;
    this.#registries = registries;
  }

  /** What a build for `platform` is to be given. */
  optionFor(platform: Platform): Pick<BuildOptions, 'remoteCache'> {
    const { cacheFrom = [], cacheTo = [] } = this.#flags;
    if (cacheFrom.length + cacheTo.length === 0) return {};
    const place = ({ repository, tag }: CacheReference) => ({
      artifacts: this.#registries.artifacts(repository),
      tag: this.#tagFor(platform, tag),
    });
    const [to] = cacheTo.map(place);
    const cache = new RemoteCache({ from: cacheFrom.map(place), ...(to === undefined ? {} : { to }) });
    this.#caches.push(cache);
    return { remoteCache: cache };
  }

  // What one platform keeps would replace what another did.
  #tagFor(platform: Platform, tag: string | undefined): string {
    if (tag === undefined) return cacheTag(platform);
    return (this.#flags.platform?.length ?? 1) > 1 ? cacheTag(platform, tag) : tag;
  }

  /** Keeps what was made, when the image is where it belongs. Never fails a build. */
  async save(
    exported: Promise<unknown>,
    tell: (event: ShownEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const [to] = this.#flags.cacheTo ?? [];
    if (to === undefined) return;
    await task(`keeping the cache in ${to.repository}`, { tell }, async () => {
      for (const cache of this.#caches) await cache.save(exported, signal);
      return undefined;
    });
  }
}
