import { keyOf } from '../store/store.ts';

/** The environment whose builds everybody may read the caches of, and nobody else writes. */
const PRODUCTION = 'production';

/**
 * Whose caches a build for this environment writes: a preview's commands may be anybody's, and what they leave must not
 * reach production. Nothing for production's own, and for builds without an environment.
 */
export function cacheScope(environment: { name: string } | undefined): string | undefined {
  return environment === undefined || environment.name === PRODUCTION ? undefined : environment.name;
}

/** The key under which a build in `scope` writes what would have `key` in production. */
export function scopedKey(key: string, scope: string | undefined): string {
  return scope === undefined ? key : keyOf('scope', scope, key);
}
