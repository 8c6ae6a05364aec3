import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { type BuildOptions, build } from '../../../lib/build/build.ts';
import type { ProgressEvent } from '../../../lib/build/progress.ts';
import type { Entry } from '../../../lib/image/entry.ts';
import { readLayer } from '../../../lib/image/read-layer.ts';
import { readTar, type TarHeader } from '../../../lib/image/read-tar.ts';
import type { Image } from '../../../lib/image/types.ts';
import { directory, imageOf, registryOf, Scratch } from '../../unit/build/support.ts';

/** Debian's busybox-static. */
const BUSYBOX = '/bin/busybox';

export const hasBusybox = existsSync(BUSYBOX);

const OWNER = { uid: 0, gid: 0, mtime: 0 };

/** An image with a shell and the usual programs. */
export async function shellImage(scratch: Scratch, more: Entry[] = []): Promise<Image> {
  const applets = execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  const links = applets
    .filter((name) => name !== 'busybox')
    .map(
      (name): Entry => ({
        ...OWNER,
        path: `bin/${name}`,
        type: 'symlink',
        mode: 0o777,
        linkTarget: 'busybox',
      }),
    );
  return imageOf(scratch, [
    directory('bin'),
    directory('etc'),
    directory('root', 0o700),
    directory('tmp', 0o1777),
    { ...OWNER, path: 'bin/busybox', type: 'file', mode: 0o755, size: statSync(BUSYBOX).size, file: BUSYBOX },
    ...links,
    ...more,
  ]);
}

/** What the tests of RUN as root work with; `can` is false where they cannot. To be closed by its `scratch`. */
export async function shellWorkshop(more: Entry[] = []) {
  const scratch = new Scratch();
  const can = hasBusybox && process.getuid?.() === 0;
  const base = can ? await shellImage(scratch, more) : undefined;
  const run = (instructions: string, options: Parameters<typeof make>[3] = {}) =>
    make(scratch, base as Image, instructions, options);
  return { scratch, can, run };
}

export interface Made {
  image: Image;
  /** What the RUNs said. */
  said: string[];
  /** The entries of the layers that the build made, by path. */
  entries: Map<string, TarHeader & { text: string }>;
  events: ProgressEvent[];
}

/** Builds `FROM base` with these instructions on top of it. */
export async function make(
  scratch: Scratch,
  base: Image,
  instructions: string,
  options: Partial<BuildOptions> & { files?: Record<string, string> } = {},
): Promise<Made> {
  const { files, ...rest } = options;
  const events: ProgressEvent[] = [];
  const image = await build({
    context: scratch.context({ ...files, Dockerfile: `FROM base AS base\n${instructions}\n` }),
    cacheDir: scratch.directory(),
    registries: registryOf({ base }),
    onProgress: (event) => events.push(event),
    ...rest,
  });
  const entries: Made['entries'] = new Map();
  for (const { open, descriptor } of image.layers.slice(base.layers.length)) {
    for await (const [header, body] of readTar(readLayer(await open(), descriptor.mediaType))) {
      const text = (await body.whole()).toString();
      entries.set(header.name.replace(/\/$/, ''), { ...header, text });
    }
  }
  const said = events.flatMap((event) => (event.type === 'output' ? [event.text] : []));
  return { image, said, entries, events };
}
