import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { FairleadError } from '../errors.ts';
import { verifyBytes, verifying } from './digest.ts';
import { blobOf } from './layout.ts';
import { ociLayerType } from './media-types.ts';
import { parseConfig, parseManifest } from './parse.ts';
import type { Descriptor, Digest, Image } from './types.ts';

/**
 * Reads the one image of an OCI layout in `directory` (OCI image specification, image-layout.md), as writeLayoutDirectory
 * leaves it. Bytes are checked against their digests when they are read. Throws `image/bad-layout`, `image/…`.
 */
export async function readLayoutDirectory(directory: string): Promise<Image> {
  const read = (path: string) =>
    readFile(join(directory, path)).catch((error) => unreadable(directory, error));
  const place = join(directory, 'index.json');
  const index = parseManifest(await read('index.json'), undefined, place);
  const digests = index.kind === 'index' ? new Set(index.index.manifests.map(({ digest }) => digest)) : [];
  const [digest, ...more] = digests;
  if (digest === undefined || more.length > 0) throw unreadable(directory, new Error('it has not one image'));
  const manifestBytes = await read(blobOf(digest));
  verifyBytes(manifestBytes, digest, place);
  const parsed = parseManifest(manifestBytes, undefined, digest);
  if (parsed.kind === 'index')
    throw unreadable(directory, new Error('it has an image for several platforms'));
  const { manifest } = parsed;
  const configBytes = await read(blobOf(manifest.config.digest));
  verifyBytes(configBytes, manifest.config.digest, place);
  const config = parseConfig(configBytes, manifest.config.digest);
  const layers = manifest.layers.map((descriptor, at) => {
    ociLayerType(descriptor.mediaType);
    const diffID = config.rootfs.diff_ids[at] as Digest;
    return { descriptor, diffID, open: async () => openBlob(directory, descriptor) };
  });
  return { digest, manifest, manifestBytes, config, configBytes, layers };
}

function openBlob(directory: string, descriptor: Descriptor) {
  const path = join(directory, blobOf(descriptor.digest));
  return pipeline(createReadStream(path), verifying(descriptor, path), () => {});
}

function unreadable(directory: string, error: Error): never {
  throw new FairleadError(
    {
      code: 'image/bad-layout',
      operation: 'reading an OCI layout',
      place: directory,
      cause: error.message,
      remedy: 'remove the directory, and build the image again',
    },
    { cause: error },
  );
}
