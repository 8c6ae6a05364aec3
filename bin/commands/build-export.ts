import { BuiltFiles } from '../../lib/build/built-files.ts';
import { imagesOf } from '../../lib/image/layout.ts';
import { renderPlatform } from '../../lib/image/platform.ts';
import type { Image, ImageIndex } from '../../lib/image/types.ts';
import {
  writeDockerArchive,
  writeLayoutArchive,
  writeLayoutDirectory,
} from '../../lib/image/write-layout.ts';
import type { Registries } from '../../lib/registry/registries.ts';
import { renderBytes } from '../../lib/report/bytes.ts';
import { byRepository, type Output } from './build-output.ts';
import type { ShownEvent } from './progress/state.ts';

export interface ExportInput {
  image: Image | ImageIndex;
  /** The names of `--tag`. */
  names: readonly string[];
  registries: Registries;
  cacheDir: string;
  tell: (event: ShownEvent) => void;
  signal: AbortSignal;
}

/** A build that is over sooner changed nothing, and has no time for more than it must do. */
const SOON_MS = 100;

/** Connects to the registries that an image will be published to while it is built. Answers what ends that. */
export function reachEarly(
  outputs: readonly Output[],
  { names, registries, signal }: Pick<ExportInput, 'names' | 'registries' | 'signal'>,
): () => void {
  const all = outputs.flatMap((output) => (output.kind === 'registry' ? [...names, ...output.names] : []));
  const reach = () => {
    for (const [repository] of byRepository(all)) void registries.reach(repository, signal);
  };
  const timer = all.length === 0 ? undefined : setTimeout(reach, SOON_MS).unref();
  return () => clearTimeout(timer);
}

/** Brings a built image to where it was asked for. Answers the bytes that were sent to registries. */
export async function exportImage(output: Output, input: ExportInput): Promise<number> {
  const { image, names, cacheDir, signal } = input;
  if (output.kind === 'nowhere') return 0;
  const all = [...new Set([...names, ...output.names])];
  if (output.kind === 'registry') return publish(all, input);
  const { kind, path } = output;
  const to = path === '-' ? 'the standard output' : path;
  const one = imagesOf(image)[0] as Image;
  const files = () => new BuiltFiles(cacheDir, signal);
  const several = imagesOf(image).length > 1;
  const folders = imagesOf(image).map((image) => ({
    image,
    folder: several ? renderPlatform(image.config).replaceAll('/', '_') : '',
  }));
  const work: Record<typeof kind, () => Promise<void>> = {
    'oci-dir': () => writeLayoutDirectory(image, path, all),
    'oci-archive': () => writeLayoutArchive(image, path, all),
    'docker-archive': () => writeDockerArchive(one, path, all),
    files: () => files().writeDirectory(folders, path),
    tar: () => files().writeTar(folders, path),
  };
  await task(`exporting to ${to}`, input, async () => {
    await work[kind]();
    return undefined;
  });
  return 0;
}

async function publish(names: readonly string[], input: ExportInput): Promise<number> {
  const { image, registries, signal } = input;
  let sent = 0;
  for (const [repository, tags] of byRepository(names)) {
    await task(`publishing ${repository}:${tags.join(', ')}`, input, async () => {
      const published =
        'images' in image
          ? await registries.publishIndex(image, repository, tags, undefined, signal)
          : await registries.publish(image, repository, tags, undefined, signal);
      sent += published.uploadedBytes;
      return `${renderBytes(published.uploadedBytes)} sent of ${renderBytes(published.totalBytes)}`;
    });
  }
  return sent;
}

/** Does one thing after the build, and tells of it; `work` answers what else there is to say. */
export async function task(
  name: string,
  { tell }: Pick<ExportInput, 'tell'>,
  work: () => Promise<string | undefined>,
): Promise<void> {
  const started = performance.now();
  tell({ type: 'task-start', name });
  const note = await work();
  tell({ type: 'task', name, ms: performance.now() - started, ...(note === undefined ? {} : { note }) });
}
