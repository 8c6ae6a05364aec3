import { assembleIndex } from '../image/assemble-index.ts';
import { repositoryOf } from '../image/reference.ts';
import type { Image } from '../image/types.ts';
import type { Connection } from './connection.ts';
import { nameManifest, namesWithout } from './name-manifest.ts';
import { type PublishEvent, type Published, publishImage } from './publish.ts';
import type { Target } from './upload.ts';

/**
 * Puts images for several platforms into a repository, each by its digest, and then their index under each of `tags`,
 * or under its digest alone. What the images share is sent once.
 */
export async function publishImageIndex(
  connection: Connection,
  path: string,
  images: readonly { image: Image }[],
  tags: readonly string[],
  onProgress: (event: PublishEvent) => void = () => {},
  signal?: AbortSignal,
): Promise<Published> {
  const parts: Published[] = [];
  for (const { image } of images)
    parts.push(await publishImage(connection, path, image, [], onProgress, signal));
  const { digest, index, indexBytes: bytes } = assembleIndex(images.map(({ image }) => image));
  const operation = `publishing ${repositoryOf({ host: connection.host, path })}`;
  const target: Target = { connection, path, operation, ...(signal && { signal }) };
  const names = tags.length > 0 ? tags : [digest];
  const missing = await namesWithout(target, names, digest);
  await nameManifest(target, { digest, mediaType: index.mediaType, bytes }, missing);
  const arrival = missing.length < names.length ? 'skipped' : 'uploaded';
  onProgress({ what: 'manifest', arrival, digest, size: bytes.length });
  const uploaded = arrival === 'uploaded' ? bytes.length : 0;
  const sum = (of: keyof Omit<Published, 'digest'>) => parts.reduce((total, part) => total + part[of], 0);
  return {
    digest,
    uploadedBytes: sum('uploadedBytes') + uploaded,
    mountedBytes: sum('mountedBytes'),
    skippedBytes: sum('skippedBytes') + bytes.length - uploaded,
    totalBytes: sum('totalBytes') + bytes.length,
  };
}
