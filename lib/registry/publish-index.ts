import { repositoryOf } from '../image/reference.ts';
import type { ImageIndex } from '../image/types.ts';
import type { Connection } from './connection.ts';
import { nameManifest, namesWithout } from './name-manifest.ts';
import { type PublishEvent, type Published, publishImage } from './publish.ts';
import type { Target } from './upload.ts';

/**
 * Puts the images of an index into a repository, each by its digest, and then the index under each of `tags`,
 * or under its digest alone. What the images share is sent once.
 */
export async function publishImageIndex(
  connection: Connection,
  path: string,
  { digest, index, indexBytes: bytes, images }: ImageIndex,
  tags: readonly string[],
  onProgress: (event: PublishEvent) => void = () => {},
  signal?: AbortSignal,
): Promise<Published> {
  const parts: Published[] = [];
  for (const image of images) parts.push(await publishImage(connection, path, image, [], onProgress, signal));
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
