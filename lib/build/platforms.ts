import { assembleIndex } from '../image/assemble-index.ts';
import { renderPlatform } from '../image/platform.ts';
import type { ImageIndex, Platform } from '../image/types.ts';
import { type BuildOptions, build } from './build.ts';
import type { ProgressEvent } from './progress.ts';
import { holdCache } from './store/hold.ts';

/** Several platforms, in the order that the index is to have. */
export interface PlatformsOptions extends Omit<BuildOptions, 'platform' | 'annotations'> {
  platforms: readonly Platform[];
  /** Annotations of each image's manifest. */
  annotations?: Record<string, string>;
  /** Annotations of the index. */
  indexAnnotations?: Record<string, string>;
  /** What one of the builds is given besides. */
  optionsFor?: (platform: Platform) => Partial<BuildOptions>;
}

/**
 * Builds an image for each platform, one after the other: each uses all processors, and finds done what it shares with
 * those before, a stage that begins with `FROM --platform=$BUILDPLATFORM` and asks for no TARGET argument, say. Throws
 * as build() does.
 */
export async function buildPlatforms(options: PlatformsOptions): Promise<ImageIndex> {
  const { platforms, indexAnnotations, optionsFor, ...common } = options;
  const { cacheDir, cacheBytes, signal } = options;
  const images = [];
  const fresh = new Set<string>();
  // All of them belong to one index: what the first one left must be there when the last one is done.
  const own =
    options.hold === undefined ? await holdCache(cacheDir, { limit: cacheBytes, signal }) : undefined;
  try {
    const hold = options.hold ?? own;
    for (const platform of platforms) {
      const onProgress = told(platform, options.onProgress);
      const given = { ...common, ...optionsFor?.(platform), ...(hold && { hold }) };
      images.push(await build({ ...given, platform, fresh, onProgress }));
    }
  } finally {
    own?.release();
  }
  return assembleIndex(images, indexAnnotations);
}

/** Stages with the platform before their name, as BuildKit tells them. */
function told(platform: Platform, onProgress: BuildOptions['onProgress']): (event: ProgressEvent) => void {
  const prefix = `${renderPlatform(platform)} `;
  return (event) => {
    if ('stage' in event && event.stage !== undefined)
      onProgress?.({ ...event, stage: prefix + event.stage });
    else onProgress?.(event);
  };
}
