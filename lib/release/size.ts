import { FairleadError } from '../errors.ts';
import type { Release } from './types.ts';

/**
 * Bytes of a release as JSON. A step of a durable execution keeps 256 KB at most (AWS Lambda, durable functions,
 * quotas), and what brings a release back is a little larger than it.
 */
const LARGEST = 245_000;

/** @throws FairleadError `release/too-large` */
export function checkSize(release: Release): void {
  const size = Buffer.byteLength(JSON.stringify(release));
  if (size <= LARGEST) return;
  const sizes = [...release.jobs, ...release.resources].map((resource) => ({
    name: `${resource.kind} ${resource.metadata.name}`,
    size: Buffer.byteLength(JSON.stringify(resource)),
  }));
  const largest = sizes.sort((one, other) => other.size - one.size)[0];
  throw new FairleadError({
    code: 'release/too-large',
    operation: `making a release of ${release.app}`,
    cause: `its resources have ${size} bytes as JSON, ${LARGEST} are possible; the largest is ${largest?.name} with ${largest?.size}`,
    remedy: 'put large data into the image, and not into configuration',
  });
}
