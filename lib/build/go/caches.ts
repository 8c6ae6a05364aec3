/** Where the golang image has modules, and what was compiled: this engine keeps both beside all stages. */
export const STAGE_CACHES = ['/go/pkg', '/root/.cache/go-build'];

/** Whether a path of the stage is in one of Go's caches. */
export function isCache(path: string): boolean {
  return STAGE_CACHES.some((cache) => path === cache || path.startsWith(`${cache}/`));
}

/** Whether a path of the stage is in one of Go's caches, or above one, which a copy of it takes along. */
export function touchesCache(path: string): boolean {
  return isCache(path) || path === '/' || STAGE_CACHES.some((cache) => cache.startsWith(`${path}/`));
}
