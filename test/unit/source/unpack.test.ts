import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GitHub } from '../../../lib/source/github/github.ts';
import { unpack } from '../../../lib/source/unpack.ts';
import { json, serve } from './server.ts';

type Item = Partial<Header> & { name: string; content?: string };

async function tarball(items: Item[]): Promise<Buffer> {
  const tar = pack();
  for (const { content, ...header } of items) tar.entry(header, content ?? '');
  tar.finalize();
  return gzipSync(await buffer(tar as unknown as AsyncIterable<Buffer>));
}

let parent: string;
let directory: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'fairlead-source-'));
  directory = await mkdtemp(join(parent, 'commit-'));
});
afterEach(() => rm(parent, { recursive: true }));

const unpackItems = async (items: Item[], limits?: { bytes: number; entries: number }) =>
  await unpack(Readable.from([await tarball(items)]), directory, 'downloading', limits);

describe('unpacking the archive of a commit', () => {
  test("strips the top folder, and keeps git's modes, links and times", async () => {
    const mtime = new Date('2020-02-02T02:02:02Z');
    const notices = await unpackItems([
      { name: 'web-c0ffee/', type: 'directory', mode: 0o775 },
      { name: 'web-c0ffee/go.mod', content: 'module web', mode: 0o664, mtime },
      { name: 'web-c0ffee/bin/run.sh', content: '#!/bin/sh', mode: 0o4775 },
      { name: 'web-c0ffee/current', type: 'symlink', linkname: 'bin/run.sh' },
      { name: `web-c0ffee/${'long/'.repeat(60)}file`, content: 'deep' },
      { name: 'web-c0ffee/big', content: 'x'.repeat(300_000) },
    ]);
    expect(notices).toEqual([]);
    const file = await stat(join(directory, 'go.mod'));
    expect(file.mode & 0o7777).toBe(0o644);
    expect(file.mtime).toEqual(mtime);
    expect((await stat(join(directory, 'bin/run.sh'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(directory, 'bin'))).mode & 0o7777).toBe(0o755);
    expect(await readlink(join(directory, 'current'))).toBe('bin/run.sh');
    expect(await readFile(join(directory, 'long/'.repeat(60), 'file'), 'utf8')).toBe('deep');
    expect((await stat(join(directory, 'big'))).size).toBe(300_000);
  });

  test('tells of submodules and of Git LFS pointers', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n';
    const notices = await unpackItems([
      { name: 'top/.gitmodules', content: '[submodule "a"]' },
      { name: 'top/logo.png', content: pointer },
      { name: 'top/film.mp4', content: pointer },
    ]);
    expect(notices).toEqual([
      expect.stringContaining('submodules'),
      expect.stringMatching(/^logo.png and 1 more: a Git LFS pointer/),
    ]);
  });

  test.each<[string, Item[]]>([
    ['a name with ..', [{ name: 'top/../../outside', content: 'x' }]],
    ['an absolute name', [{ name: '/outside', content: 'x' }]],
    [
      'a file below a link',
      [
        { name: 'top/link', type: 'symlink', linkname: '..' },
        { name: 'top/link/outside', content: 'x' },
      ],
    ],
    [
      'a file in place of a link',
      [
        { name: 'top/link', type: 'symlink', linkname: '../outside' },
        { name: 'top/link', content: 'x' },
      ],
    ],
    [
      'a link in place of a folder that files go to',
      [
        { name: 'top/a/b', content: 'x' },
        { name: 'top/a', type: 'symlink', linkname: '..' },
      ],
    ],
    ['a hard link', [{ name: 'top/hard', type: 'link', linkname: '/etc/passwd' }]],
    ['a device', [{ name: 'top/dev', type: 'character-device', devmajor: 1, devminor: 3 }]],
    ['a named pipe', [{ name: 'top/pipe', type: 'fifo' }]],
  ])('refuses %s, and writes nothing outside', async (_what, items) => {
    await expect(unpackItems(items)).rejects.toMatchObject({
      code: 'source/unsafe-archive',
      temporary: false,
    });
    expect(await readdir(parent)).toHaveLength(1);
  });

  test('refuses more bytes, and more entries, than the limits', async () => {
    const bomb = [{ name: 'top/zeros', content: '0'.repeat(200_000) }];
    const large = { code: 'source/too-large', temporary: false };
    await expect(unpackItems(bomb, { bytes: 100_000, entries: 10 })).rejects.toMatchObject(large);
    const many = Array.from({ length: 11 }, (_, n) => ({ name: `top/${n}` }));
    await expect(unpackItems(many, { bytes: 100_000, entries: 10 })).rejects.toMatchObject(large);
  });

  test('calls an archive that breaks off a temporary fault', async () => {
    const whole = await tarball([{ name: 'top/a', content: Math.random().toString().repeat(5000) }]);
    const cut = Readable.from([whole.subarray(0, whole.length / 2)]);
    const broken = { code: 'source/broken-archive', temporary: true };
    await expect(unpack(cut, directory, 'downloading')).rejects.toMatchObject(broken);
    const failing = Readable.from(
      (async function* () {
        yield whole.subarray(0, 600);
        throw new Error('connection reset');
      })(),
    );
    await rm(join(directory, 'a'), { force: true });
    await expect(unpack(failing, directory, 'downloading')).rejects.toMatchObject(broken);
  });
});

describe('downloading a commit', () => {
  test('unpacks what the host answers, the empty tree too', async () => {
    const archive = await tarball([{ name: 'acme-web-c0ffee/', type: 'directory' }]);
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-gzip' }).end(archive);
    });
    const gitHub = new GitHub({ apiUrl: server.url });
    await gitHub.download({ owner: 'acme', name: 'web' }, 'c'.repeat(40), directory);
    expect(server.requests[0]?.url).toBe(`/repos/acme/web/tarball/${'c'.repeat(40)}`);
    expect(await readdir(directory)).toEqual([]);
  });

  test('that the host does not have any more says so', async () => {
    await using server = await serve((_request, response) => json(response, 404, { message: 'Not Found' }));
    await writeFile(join(directory, 'kept'), '');
    const gitHub = new GitHub({ apiUrl: server.url });
    const downloading = gitHub.download({ owner: 'acme', name: 'web' }, 'c'.repeat(40), directory);
    await expect(downloading).rejects.toMatchObject({ code: 'source/no-commit' });
  });
});
