import { imagesOf } from '../../lib/image/layout.ts';
import type { Image, ImageIndex } from '../../lib/image/types.ts';
import { renderBytes } from '../../lib/report/bytes.ts';

/** What a build came to. */
export interface Outcome {
  image: Image | ImageIndex;
  cached: number;
  /** Steps that could have been cached. */
  steps: number;
  ms: number;
  /** Bytes sent to registries, when something was published. */
  sent?: number;
}

/** `built sha256:3f2a1b9c04d5, 12.3 MB in 3 layers, 4 of 5 steps cached, in 3.2s, 1.2 MB sent`. */
export function summary({ image, cached, steps, ms, sent }: Outcome): string {
  const layers = new Map(
    imagesOf(image).flatMap(({ layers }) =>
      layers.map(({ descriptor }) => [descriptor.digest, descriptor.size] as const),
    ),
  );
  const size = [...layers.values()].reduce((sum, one) => sum + one, 0);
  const platforms = imagesOf(image).length;
  return [
    `built ${image.digest.slice(0, 'sha256:'.length + 12)}`,
    ...(platforms > 1 ? [`${platforms} platforms`] : []),
    `${renderBytes(size)} in ${layers.size} ${layers.size === 1 ? 'layer' : 'layers'}`,
    ...(steps > 0 ? [`${cached} of ${steps} ${steps === 1 ? 'step' : 'steps'} cached`] : []),
    `in ${(ms / 1000).toFixed(1)}s`,
    ...(sent === undefined ? [] : [`${renderBytes(sent)} sent`]),
  ].join(', ');
}
