import { gunzipSync, gzipSync } from 'node:zlib';
import type { KubernetesObject } from '../release/types.ts';
import { fault } from './fault.ts';

/**
 * Bytes of an app's own objects as JSON. A release holds them as they are, and a step of a durable execution keeps 256 KB
 * at most (AWS Lambda, durable functions, quotas), the labels and annotations that are added among them.
 */
const LARGEST = 160 * 1024;

/** Characters of it when compressed: the answer of a build has other things to say as well. */
const LARGEST_PACKED = 96 * 1024;

/**
 * Objects as they travel in the answer of a build: their JSON, compressed, in base64.
 * @throws FairleadError `manifests/too-large`
 */
export function pack(objects: readonly KubernetesObject[], place: string): string {
  const json = Buffer.from(JSON.stringify(objects));
  if (json.length > LARGEST)
    throw tooLarge(place, objects, `${json.length} bytes as JSON, ${LARGEST} are possible`);
  const packed = gzipSync(json).toString('base64');
  if (packed.length > LARGEST_PACKED)
    throw tooLarge(
      place,
      objects,
      `${packed.length} characters when compressed, ${LARGEST_PACKED} are possible`,
    );
  return packed;
}

/** What pack() was given. */
export function unpack(packed: string): KubernetesObject[] {
  const json = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: LARGEST });
  return JSON.parse(json.toString('utf8'));
}

function tooLarge(place: string, objects: readonly KubernetesObject[], cause: string) {
  const sizes = objects.map(({ kind, metadata, ...rest }) => ({
    name: `${kind} ${metadata.name}`,
    size: JSON.stringify(rest).length,
  }));
  const largest = sizes.sort((a, b) => b.size - a.size)[0];
  return fault(
    'too-large',
    place,
    `the manifests are too large: ${cause}; the largest is ${largest?.name} with ${largest?.size}`,
    'put large files into the image, not into a ConfigMap',
  );
}
