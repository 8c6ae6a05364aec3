import { createHash } from 'node:crypto';
import { renderPlatform } from '../../image/platform.ts';
import type { Platform } from '../../image/types.ts';

/** What every cache's tag begins with: registries are told by it which tags may change, and are no images. */
export const CACHE_TAG_PREFIX = 'fairlead-cache-';

const LONGEST_TAG = 128;

/** The tag of the cache for a platform, and for one branch alone where that is given: `fairlead-cache-linux-arm64-main`. */
export function cacheTag(platform: Platform, branch?: string): string {
  const machine = renderPlatform(platform).replaceAll('/', '-');
  return boundedTag(`${CACHE_TAG_PREFIX}${machine}${branch === undefined ? '' : `-${branch}`}`);
}

/** `tag` with the letters that tags have, and no more of them than they may have. */
export function boundedTag(tag: string): string {
  const cleaned = tag.replaceAll(/[^\w.-]/g, '-');
  if (cleaned === tag && tag.length <= LONGEST_TAG) return tag;
  // Other branches may come to the same letters.
  const hash = createHash('sha256').update(tag).digest('hex').slice(0, 8);
  return `${cleaned.slice(0, LONGEST_TAG - hash.length - 1)}-${hash}`;
}
