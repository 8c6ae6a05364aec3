import { parseReference, repositoryOf } from '../../lib/image/reference.ts';
import type { Image } from '../../lib/image/types.ts';
import { writeLayoutArchive, writeLayoutDirectory } from '../../lib/image/write-layout.ts';
import type { Registries } from '../../lib/registry/registries.ts';

/** Where an image goes: `--output oci-dir=DIR | oci-archive=FILE | registry`. */
export type Output = { kind: 'oci-dir' | 'oci-archive'; path: string } | { kind: 'registry' };

/** Reads the value of --output; nothing when it is none. */
export function parseOutput(text: string): Output | undefined {
  if (text === 'registry') return { kind: 'registry' };
  const parts = /^(oci-dir|oci-archive)=(.+)$/.exec(text);
  return parts === null
    ? undefined
    : { kind: parts[1] as 'oci-dir' | 'oci-archive', path: parts[2] as string };
}

export async function exportImage(
  image: Image,
  output: Output,
  names: readonly string[],
  registries: Registries,
  signal: AbortSignal,
): Promise<void> {
  if (output.kind === 'oci-dir') return writeLayoutDirectory(image, output.path, names);
  if (output.kind === 'oci-archive') return writeLayoutArchive(image, output.path, names);
  for (const [repository, tags] of byRepository(names)) {
    await registries.publish(image, repository, tags, undefined, signal);
    for (const tag of tags) console.error(`published ${repository}:${tag}`);
  }
}

function byRepository(names: readonly string[]): Map<string, string[]> {
  const tags = new Map<string, string[]>();
  for (const name of names) {
    const reference = parseReference(name);
    const repository = repositoryOf(reference);
    tags.set(repository, [...(tags.get(repository) ?? []), reference.tag ?? 'latest']);
  }
  return tags;
}

/** What `docker buildx build --metadata-file` writes, as far as it is about the image. */
export function metadataOf({ digest, manifest, manifestBytes }: Image, names: readonly string[]): object {
  return {
    'containerimage.config.digest': manifest.config.digest,
    'containerimage.descriptor': { mediaType: manifest.mediaType, digest, size: manifestBytes.length },
    'containerimage.digest': digest,
    ...(names.length > 0 ? { 'image.name': names.join(',') } : {}),
  };
}
