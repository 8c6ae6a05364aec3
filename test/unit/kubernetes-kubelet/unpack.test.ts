import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImageStore } from '../../../local/kubernetes/kubelet/images/image-store.ts';
import { Runtime } from '../../../local/kubernetes/kubelet/runtime.ts';
import { serveImages, type TarEntry, tarOf } from './image-server.ts';
import { go, whyNoPods } from './test-cluster.ts';

const obstacle = await whyNoPods();

describe.skipIf(obstacle)(`layers ${obstacle ?? ''}`, () => {
  let runtime: Runtime;
  let base: string;
  let images: Awaited<ReturnType<typeof serveImages>>;
  let count = 0;
  beforeAll(async () => {
    runtime = await Runtime.open(go);
    base = await mkdtemp(join(tmpdir(), 'fairlead-unpack-'));
    images = await serveImages();
  });
  afterAll(async () => {
    await images.close();
    await runtime.remove(base);
  });

  const fresh = () => {
    const directory = join(base, String(count++));
    mkdirSync(join(directory, 'layer'), { recursive: true });
    return directory;
  };
  async function unpack(entries: TarEntry[]): Promise<string> {
    const directory = join(fresh(), 'layer');
    await runtime.unpack(Readable.from([await tarOf(entries)]), directory);
    return directory;
  }

  test('files, directories, links and modes are as the archive has them', async () => {
    const layer = await unpack([
      { name: 'etc/', type: 'directory', mode: 0o750, mtime: new Date(1_000_000_000_000) },
      { name: 'etc/passwd', content: 'root:x:0:0', mode: 0o640, mtime: new Date(1_000_000_000_000) },
      { name: 'bin/tool', content: 'x', mode: 0o4755 },
      { name: 'bin/same', type: 'link', linkname: 'bin/tool' },
      { name: 'lib', type: 'symlink', linkname: '/usr/lib' },
    ]);
    expect(readFileSync(join(layer, 'etc/passwd'), 'utf8')).toBe('root:x:0:0');
    expect(statSync(join(layer, 'etc/passwd')).mode & 0o7777).toBe(0o640);
    expect(statSync(join(layer, 'etc')).mode & 0o7777).toBe(0o750);
    expect(statSync(join(layer, 'etc')).mtimeMs).toBe(1_000_000_000_000);
    expect(statSync(join(layer, 'bin/tool')).mode & 0o7777).toBe(0o4755);
    expect(statSync(join(layer, 'bin/same')).ino).toBe(statSync(join(layer, 'bin/tool')).ino);
    expect(readlinkSync(join(layer, 'lib'))).toBe('/usr/lib');
  });

  test('a link out of the layer leads nowhere but into it', async () => {
    const directory = fresh();
    const layer = join(directory, 'layer');
    const archive = await tarOf([
      { name: 'out', type: 'symlink', linkname: '../../..' },
      { name: 'away', type: 'symlink', linkname: directory },
      { name: 'out/file', content: 'inside' },
    ]);
    await runtime.unpack(Readable.from([archive]), layer);
    expect(readdirSync(directory)).toEqual(['layer']);
    expect(readFileSync(join(layer, 'file'), 'utf8')).toBe('inside');
  });

  test.each([
    ['a file', { name: '../evil', content: 'x' }],
    ['a path with a climb in it', { name: 'a/../../evil', content: 'x' }],
    ['a hard link', { name: 'evil', type: 'link' as const, linkname: '../../etc/passwd' }],
  ])('%s that leaves the root is refused', async (_, entry) => {
    await expect(unpack([entry])).rejects.toThrow('leaves the layer');
  });

  test('an archive that breaks off is refused', async () => {
    const archive = await tarOf([{ name: 'file', content: 'x'.repeat(5_000) }]);
    const unpacking = runtime.unpack(Readable.from([archive.subarray(0, 2_000)]), join(fresh(), 'layer'));
    await expect(unpacking).rejects.toThrow('unexpected EOF');
  });

  test('whiteouts hide, and what a layer brings itself stays', async () => {
    const layer = await unpack([
      { name: 'gone', content: 'replaced' },
      { name: '.wh.gone', content: '' },
      { name: 'etc/.wh.shadow', content: '' },
      { name: 'etc/hosts', content: 'own' },
    ]);
    expect(readFileSync(join(layer, 'gone'), 'utf8')).toBe('replaced');
    const whiteout = lstatSync(join(layer, 'etc/shadow'));
    expect([whiteout.isCharacterDevice(), whiteout.rdev]).toEqual([true, 0]);
    expect(readFileSync(join(layer, 'etc/hosts'), 'utf8')).toBe('own');
  });

  test('without Go there is a clear error', async () => {
    await expect(Runtime.open({ binary: '/no/go', cache: fresh() })).rejects.toThrow(
      /could not be compiled with \/no\/go: .*; install Go 1.19 or newer, or set KUBECONFIG/,
    );
  });

  describe('an image', () => {
    const store = (directory: string) => {
      mkdirSync(join(directory, 'layers'), { recursive: true });
      return new ImageStore(directory, runtime, images.host);
    };
    const layers = [[{ name: 'a', content: 'a'.repeat(100_000) }], [{ name: 'b', content: 'b' }]];

    test.each(['gzip', 'zstd', 'none'] as const)(
      'with layers in %s is pulled once, from the registry that stands in',
      async (compression) => {
        await images.add(`app-${compression}`, 'v1', { layers, compression });
        const directory = fresh();
        const name = `example.com/app-${compression}:v1`;
        images.requests.length = 0;
        const here = store(directory);
        const [first, second] = await Promise.all([here.pull(name), here.pull(name)]);
        expect(second).toBe(first);
        expect(first.layers.map((layer) => readdirSync(join(directory, layer)))).toEqual([['b'], ['a']]);
        expect(first.id).toBe(`example.com/app-${compression}@${first.digest}`);
        expect(images.requests.filter((url) => url.includes('/blobs/'))).toHaveLength(3);
        await here.pull(name);
        expect(images.requests.filter((url) => url.includes('/blobs/'))).toHaveLength(3);
      },
    );

    test('of a mirrored registry is found under that registry’s name', async () => {
      await images.add('docker.io/library/nginx', 'latest', { layers });
      await expect(store(fresh()).pull('nginx')).resolves.toMatchObject({ size: expect.any(Number) });
    });

    test('of a registry on this machine comes from there', async () => {
      const name = await images.add('local', 'v1', { layers });
      const elsewhere = new ImageStore(fresh(), runtime, '127.0.0.1:1');
      mkdirSync(join(base, `${count - 1}`, 'layers'));
      await expect(elsewhere.pull(name)).resolves.toMatchObject({ digest: name.split('@')[1] });
      await expect(elsewhere.pull('example.com/local:v1')).rejects.toThrow('connect: connection refused');
    });

    test('that nobody has used for long is removed, and its layers unless another has them', async () => {
      const directory = fresh();
      const here = store(directory);
      const shared = [{ name: 'shared', content: 'same' }];
      const pull = async (number: number) => {
        await images.add(`many-${number}`, 'v1', {
          layers: [shared, [{ name: 'own', content: `${number}` }]],
        });
        return here.pull(`example.com/many-${number}:v1`);
      };
      const [used, unused] = [await pull(0), await pull(1)];
      const release = here.hold(used);
      for (let number = 2; number < 22; number += 1) here.hold(await pull(number))();
      expect(here.get('example.com/many-0:v1')).toBe(used);
      expect(here.get('example.com/many-1:v1')).toBeUndefined();
      const [own = '', base = ''] = unused.layers;
      const layers = readdirSync(join(directory, 'layers')).map((name) => `layers/${name}`);
      expect(layers).not.toContain(own);
      expect(layers).toEqual(expect.arrayContaining([base, ...used.layers]));
      release();
    });

    test('whose bytes are not what its digests say is refused', async () => {
      const name = await images.add('forged', 'v1', { layers: [[{ name: 'c', content: 'good' }]] });
      const other = await tarOf([{ name: 'c', content: 'evil' }]);
      for (const [digest, bytes] of images.blobs)
        if (bytes[0] === 0x1f && bytes.length < 500)
          images.blobs.set(digest, (await import('node:zlib')).gzipSync(other));
      await expect(store(fresh()).pull(name)).rejects.toThrow(/sha256:\w+ (has the digest|unpacks to)/);
    });
  });

  test('trees that nobody may enter are removed too', async () => {
    const layer = await unpack([
      { name: 'closed/', type: 'directory', mode: 0o000 },
      { name: 'read-only/', type: 'directory', mode: 0o555 },
    ]);
    await runtime.remove(layer);
    expect(() => statSync(layer)).toThrow('ENOENT');
    await rm(join(layer, '..'), { recursive: true });
  });
});
