import { Readable } from 'node:stream';
import { repositoryOf } from '../image/reference.ts';
import type { Descriptor, Digest, Image } from '../image/types.ts';
import type { Connection } from './connection.ts';
import { inParallel } from './in-parallel.ts';
import { nameManifest, namesWithout } from './name-manifest.ts';
import { type Arrival, type Blob, deliverBlob, type Target } from './upload.ts';

/** What a publishing came to, in bytes; the three kinds make up the total. */
export interface Published {
  digest: Digest;
  uploadedBytes: number;
  mountedBytes: number;
  skippedBytes: number;
  totalBytes: number;
}

/** One blob, or at last the manifest, is where it belongs. */
export interface PublishEvent {
  what: 'blob' | 'manifest';
  arrival: Arrival;
  digest: Digest;
  size: number;
}

const BLOBS_AT_ONCE = 4;

/**
 * Puts an image into a repository under each of `tags`, or under its digest alone where there are none. The manifest
 * comes last, so that nothing is ever referenced before it is there; what is there already is not sent again. A tag that
 * has another image, and may not change its meaning there, is left to that: the digest names the image all the same.
 */
export async function publishImage(
  connection: Connection,
  path: string,
  image: Image,
  tags: readonly string[],
  onProgress: (event: PublishEvent) => void = () => {},
  signal?: AbortSignal,
): Promise<Published> {
  const operation = `publishing ${repositoryOf({ host: connection.host, path })}`;
  const target: Target = { connection, path, operation, ...(signal && { signal }) };
  const sum = { uploaded: 0, mounted: 0, skipped: 0 };
  const note = (event: PublishEvent) => {
    sum[event.arrival] += event.size;
    onProgress(event);
  };
  const names = tags.length > 0 ? tags : [image.digest];
  const missing = await namesWithout(target, names, image.digest);
  const isThere = missing.length < names.length;
  if (isThere) for (const { descriptor } of blobsOf(image)) note(eventOf('blob', 'skipped', descriptor));
  else await deliverBlobs(target, image, note);
  const { digest, manifest, manifestBytes: bytes } = image;
  await nameManifest(target, { digest, mediaType: manifest.mediaType, bytes }, missing);
  note(eventOf('manifest', isThere ? 'skipped' : 'uploaded', { digest, size: bytes.length }));
  return {
    digest: image.digest,
    uploadedBytes: sum.uploaded,
    mountedBytes: sum.mounted,
    skippedBytes: sum.skipped,
    totalBytes: sum.uploaded + sum.mounted + sum.skipped,
  };
}

function eventOf(what: PublishEvent['what'], arrival: Arrival, of: Pick<Descriptor, 'digest' | 'size'>) {
  return { what, arrival, digest: of.digest, size: of.size };
}

function blobsOf({ layers, manifest, configBytes }: Image): Blob[] {
  const config: Blob = {
    descriptor: manifest.config,
    open: async () => Readable.from([configBytes]),
  };
  return [...new Map([...layers, config].map((blob) => [blob.descriptor.digest, blob])).values()];
}

async function deliverBlobs(
  target: Target,
  image: Image,
  note: (event: PublishEvent) => void,
): Promise<void> {
  await inParallel(blobsOf(image), BLOBS_AT_ONCE, target.signal, async (blob, signal) => {
    note(eventOf('blob', await deliverBlob({ ...target, signal }, blob), blob.descriptor));
  });
}
