import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { assembleImage } from '../../../lib/image/assemble.ts';
import type { Entry } from '../../../lib/image/entry.ts';
import { writeLayer } from '../../../lib/image/layer.ts';
import type { Image, Layer } from '../../../lib/image/types.ts';

export const AMD64 = { os: 'linux', architecture: 'amd64' };

/** A layer with one file of so many random bytes, and what else a layer may hold. */
export function sampleLayer(folder: string, size: number): Promise<Layer> {
  const bytes = randomBytes(size);
  const owner = { uid: 0, gid: 0, mtime: 1_700_000_000 };
  const entries: Entry[] = [
    { ...owner, path: 'etc', type: 'directory', mode: 0o755 },
    { ...owner, path: 'etc/app', type: 'file', mode: 0o755, size, open: () => Readable.from([bytes]) },
    { ...owner, path: `etc/${'long'.repeat(50)}`, type: 'symlink', mode: 0o777, linkTarget: 'app' },
    { ...owner, path: 'app', type: 'hardlink', mode: 0o755, linkTarget: 'etc/app' },
  ];
  return writeLayer(entries, join(folder, 'blobs'));
}

export function sampleImage(layers: Layer[], architecture = 'amd64'): Image {
  const created = '2026-01-01T00:00:00Z';
  const history = layers.map(() => ({ created, created_by: 'COPY app /' }));
  return assembleImage({
    config: { os: 'linux', architecture, created, config: { Cmd: ['/app'] }, history },
    layers,
  });
}
