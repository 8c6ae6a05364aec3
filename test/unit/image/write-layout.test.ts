import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { assembleImage } from '../../../lib/image/assemble.ts';
import { digestOf } from '../../../lib/image/digest.ts';
import { writeLayer } from '../../../lib/image/layer.ts';
import type { Image, Index } from '../../../lib/image/types.ts';
import { writeLayoutArchive, writeLayoutDirectory } from '../../../lib/image/write-layout.ts';
import { useFolder } from './blobs.ts';

const folder = useFolder();
const owner = { uid: 0, gid: 0, mtime: 0, mode: 0o644 };

async function sample(): Promise<Image> {
  const entry = {
    ...owner,
    path: 'a',
    type: 'file' as const,
    size: 3,
    open: () => Readable.from([Buffer.from('abc')]),
  };
  const layer = await writeLayer([entry], join(folder(), 'blobs'));
  return assembleImage({ config: { os: 'linux', architecture: 'amd64' }, layers: [layer] });
}

const filesOf = async (directory: string) =>
  new Map(
    await Promise.all(
      (await readdir(directory, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(async ({ parentPath, name }) => [name, await readFile(join(parentPath, name))] as const),
    ),
  );

describe('an OCI layout', () => {
  test('in a directory holds every blob under its digest, and an index with the names', async () => {
    const [image, directory] = [await sample(), join(folder(), 'layout')];
    await writeLayoutDirectory(image, directory, ['web:1', 'localhost:5000/x/y:z', 'web:1']);
    const files = await filesOf(directory);
    const index = JSON.parse(String(files.get('index.json'))) as Index;
    expect(index.manifests.map(({ annotations }) => annotations)).toEqual([
      { 'io.containerd.image.name': 'docker.io/library/web:1', 'org.opencontainers.image.ref.name': '1' },
      { 'io.containerd.image.name': 'localhost:5000/x/y:z', 'org.opencontainers.image.ref.name': 'z' },
    ]);
    expect(index.manifests[0]?.digest).toBe(image.digest);
    expect(String(files.get('oci-layout'))).toBe('{"imageLayoutVersion":"1.0.0"}');
    const blobs = [...files].filter(([name]) => /^[0-9a-f]{64}$/.test(name));
    expect(blobs).toHaveLength(3);
    for (const [name, bytes] of blobs) expect(digestOf(bytes)).toBe(`sha256:${name}`);
  });

  test('replaces an older one, and nothing else', async () => {
    const [image, directory, other] = [await sample(), join(folder(), 'again'), join(folder(), 'other')];
    await writeLayoutDirectory(image, directory);
    await writeFile(join(directory, 'stale'), '');
    await writeLayoutDirectory(image, directory);
    expect((await readdir(directory)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    await mkdir(other);
    await writeFile(join(other, 'thesis.txt'), '');
    await expect(writeLayoutDirectory(image, other)).rejects.toMatchObject({ code: 'image/not-a-layout' });
    expect(await readdir(other)).toEqual(['thesis.txt']);
  });

  test('in an archive has the same files, and always the same bytes', async () => {
    const [image, directory, archive] = [await sample(), join(folder(), 'l'), join(folder(), 'l.tar')];
    await writeLayoutDirectory(image, directory, ['web:1']);
    await writeLayoutArchive(image, archive, ['web:1']);
    const files = new Map<string, Buffer>();
    const reader = extract();
    createReadStream(archive).pipe(reader as unknown as NodeJS.WritableStream);
    for await (const entry of reader) {
      const bytes = await buffer(entry as AsyncIterable<Uint8Array>);
      if (entry.header.type === 'file') files.set(entry.header.name.split('/').at(-1) as string, bytes);
    }
    const byName = (all: Map<string, Buffer>) => [...all].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(byName(files)).toEqual(byName(await filesOf(directory)));
    const first = await readFile(archive);
    await writeLayoutArchive(image, archive, ['web:1']);
    expect(first.equals(await readFile(archive))).toBe(true);
  });

  test('does not appear when a layer is not what it should be', async () => {
    const image = await sample();
    const open = async () => Readable.from([Buffer.from('other')]);
    const broken = { ...image, layers: image.layers.map((layer) => ({ ...layer, open })) };
    const before = await readdir(folder());
    await expect(writeLayoutDirectory(broken, join(folder(), 'no'))).rejects.toMatchObject({
      code: 'image/wrong-bytes',
    });
    await expect(writeLayoutArchive(broken, join(folder(), 'no.tar'))).rejects.toMatchObject({
      code: 'image/wrong-bytes',
    });
    expect(await readdir(folder())).toEqual(before);
  });
});
