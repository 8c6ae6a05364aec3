import { linkSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readLayer } from '../../../lib/image/read-layer.ts';
import { readTar } from '../../../lib/image/read-tar.ts';
import { buildFiles, directory, imageOf, registryOf, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const CONTEXT = {
  'a.txt': 'a',
  'b.txt': 'b',
  'c.md': 'c',
  'run.sh': '#!/bin/sh',
  'dir/x': 'x',
  'dir/sub/y': 'y',
  'dir/link': '-> x',
  link: '-> a.txt',
  'linked-dir': '-> dir',
  'empty/': '',
};

async function copied(instructions: string, base = 'scratch', images = {}): Promise<Record<string, string>> {
  const { files } = await buildFiles(
    scratch,
    { ...CONTEXT, Dockerfile: `FROM ${base}\n${instructions}` },
    { registries: registryOf(images) },
  );
  return files;
}

describe('COPY', () => {
  it.each<[string, Record<string, string>]>([
    ['COPY a.txt /', { 'a.txt': 'file 644 0:0 a' }],
    ['COPY a.txt /b', { b: 'file 644 0:0 a' }],
    ['COPY a.txt /d/', { d: 'directory 755 0:0', 'd/a.txt': 'file 644 0:0 a' }],
    ['COPY a.txt d/e', { d: 'directory 755 0:0', 'd/e': 'file 644 0:0 a' }],
    [
      'COPY a.txt b.txt d/',
      { d: 'directory 755 0:0', 'd/a.txt': 'file 644 0:0 a', 'd/b.txt': 'file 644 0:0 b' },
    ],
    // Whatever the reference says: BuildKit lets the last one win.
    ['COPY a.txt b.txt /d', { d: 'file 644 0:0 b' }],
    ['COPY *.txt .', { 'a.txt': 'file 644 0:0 a', 'b.txt': 'file 644 0:0 b' }],
    ['COPY [ab].txt /', { 'a.txt': 'file 644 0:0 a', 'b.txt': 'file 644 0:0 b' }],
    ['COPY ?.md /', { 'c.md': 'file 644 0:0 c' }],
    ['COPY run.sh /', { 'run.sh': 'file 755 0:0 #!/bin/sh' }],
    [
      'COPY dir /',
      {
        x: 'file 644 0:0 x',
        sub: 'directory 755 0:0',
        'sub/y': 'file 644 0:0 y',
        link: 'symlink 0:0 -> x',
      },
    ],
    ['COPY dir/sub /e/f', { e: 'directory 755 0:0', 'e/f': 'directory 755 0:0', 'e/f/y': 'file 644 0:0 y' }],
    ['COPY link /', { link: 'file 644 0:0 a' }],
    ['COPY linked-dir/sub /', { y: 'file 644 0:0 y' }],
    ['COPY empty /empty', { empty: 'directory 755 0:0' }],
    ['COPY ../a.txt /', { 'a.txt': 'file 644 0:0 a' }],
    ['COPY --chown=5:6 a.txt d/', { d: 'directory 755 5:6', 'd/a.txt': 'file 644 5:6 a' }],
    ['COPY --chown=7 a.txt /', { 'a.txt': 'file 644 7:7 a' }],
    ['COPY --chmod=4711 a.txt /', { 'a.txt': 'file 4711 0:0 a' }],
    ['ADD a.txt /x', { x: 'file 644 0:0 a' }],
    [
      'WORKDIR /w/v\nCOPY a.txt .',
      { w: 'directory 755 0:0', 'w/v': 'directory 755 0:0', 'w/v/a.txt': 'file 644 0:0 a' },
    ],
    ['COPY a.txt /x\nCOPY b.txt /x', { x: 'file 644 0:0 b' }],
    [
      'COPY a.txt /d/\nCOPY b.txt /d',
      { d: 'directory 755 0:0', 'd/a.txt': 'file 644 0:0 a', 'd/b.txt': 'file 644 0:0 b' },
    ],
  ])('%s', async (instructions, expected) => {
    expect(await copied(instructions)).toEqual(expected);
  });

  it.each([
    ["COPY ['a.txt', '/b']", /\[a\.txt, is no pattern .*COPY \["source", "destination"\]/],
    ['COPY a[ /', /a\[ is no pattern that can be matched/],
    ['COPY a.txt /f\nWORKDIR /f', /Dockerfile:3: \/f is not a directory/],
    ['COPY a.txt /f\nWORKDIR /f/g', /Dockerfile:3: \/f is not a directory/],
    ['COPY nope /', /Dockerfile:2: nope is not there .*dockerignore may leave some out/],
    ['COPY a.txt /x\nCOPY dir /x', /\/x is not a directory/],
    ['COPY dir /\nCOPY a.txt /s/\nCOPY link /sub/y/z', /\/sub\/y is not a directory/],
    ['COPY --chown=app a.txt /', /the user app is unknown: the stage has no \/etc\/passwd/],
    ['COPY https://example.com/x /', /COPY cannot take a URL; write ADD|COPY cannot take a URL/],
  ])('%s is refused', async (instructions, message) => {
    await expect(copied(instructions)).rejects.toThrow(message);
  });

  it('copies nothing for wildcards that match nothing, and says so when nothing else is copied', async () => {
    const Dockerfile = 'FROM scratch\nCOPY a.txt nope*.x /d/\nCOPY none* nope*.x /e/';
    const { files, events } = await buildFiles(scratch, { ...CONTEXT, Dockerfile });
    expect(files).toEqual({ d: 'directory 755 0:0', 'd/a.txt': 'file 644 0:0 a' });
    expect(events.filter(({ type }) => type === 'notice')).toEqual(
      ['none*', 'nope*.x'].map((path) => ({
        type: 'notice',
        message: `COPY ${path} matches nothing: nothing is copied for it`,
        line: 3,
      })),
    );
  });

  it('reads no Dockerfile that is a link out of the context', async () => {
    await expect(buildFiles(scratch, { Dockerfile: '-> /proc/self/environ' })).rejects.toThrow(
      /Dockerfile: it is a link that leads out of the build context/,
    );
  });

  it('leaves out what .dockerignore names, and the rules of a Dockerfile of its own win', async () => {
    const files = { ...CONTEXT, '.dockerignore': '*\n!dir\ndir/sub\n', Dockerfile: 'FROM scratch\nCOPY . /' };
    expect(Object.keys((await buildFiles(scratch, files)).files)).toEqual(['dir', 'dir/link', 'dir/x']);
    const own = { ...files, 'Dockerfile.dockerignore': '*\n!a.txt' };
    expect(Object.keys((await buildFiles(scratch, own)).files)).toEqual(['a.txt']);
  });

  it('takes the files of another stage with their owners, unless --chown says otherwise', async () => {
    const stages = 'COPY --chown=5:5 a.txt /x/a\nFROM scratch AS two\nCOPY --from=0 /x /y\nFROM scratch\n';
    expect(await copied(`${stages}COPY --from=two /y/a /z`)).toEqual({ z: 'file 644 5:5 a' });
    expect(await copied(`${stages}COPY --from=two --chown=9 /y/a /z`)).toEqual({ z: 'file 644 9:9 a' });
  });
});

describe('COPY onto a base', () => {
  async function onBase(instructions: string): Promise<Record<string, string>> {
    const entries = [
      directory('tmp', 0o1777),
      directory('usr'),
      directory('usr/bin'),
      directory('app', 0o750, 3, 4),
      directory('etc'),
      { path: 'bin', type: 'symlink' as const, mode: 0o777, uid: 0, gid: 0, mtime: 0, linkTarget: 'usr/bin' },
      { path: 'abs', type: 'symlink' as const, mode: 0o777, uid: 0, gid: 0, mtime: 0, linkTarget: '/../usr' },
      file('etc/passwd', 'root:x:0:0::/:/bin/sh\nweb:x:33:34::/:/bin/sh\n'),
      file('etc/group', 'staff:x:50:\n'),
    ];
    const image = await imageOf(scratch, entries, { Env: ['A=1'], Cmd: ['sh'], WorkingDir: '/app' });
    return copied(instructions, 'base:1', { 'base:1': image });
  }

  function file(path: string, text: string) {
    const source = scratch.context({ file: text });
    return {
      path,
      type: 'file' as const,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0,
      size: text.length,
      file: `${source}/file`,
    };
  }

  it('keeps modes and owners of directories that are there', async () => {
    const files = await onBase('COPY a.txt .\nCOPY a.txt /tmp/');
    expect(files).toMatchObject({
      app: 'directory 750 3:4',
      'app/a.txt': 'file 644 0:0 a',
      tmp: 'directory 1777 0:0',
    });
  });

  it('goes into a directory that is there without a trailing slash', async () => {
    expect(await onBase('COPY a.txt /usr/bin')).toMatchObject({ 'usr/bin/a.txt': 'file 644 0:0 a' });
  });

  it('follows symlinks on the way, inside of the root', async () => {
    const files = await onBase('COPY a.txt /bin/x\nCOPY a.txt /abs/y');
    expect(files).toMatchObject({
      bin: 'symlink 0:0 -> usr/bin',
      'usr/bin/x': 'file 644 0:0 a',
      'usr/y': 'file 644 0:0 a',
    });
  });

  it('looks owners up in the base', async () => {
    expect(await onBase('COPY --chown=web a.txt /x')).toMatchObject({ x: 'file 644 33:34 a' });
    expect(await onBase('COPY --chown=web:staff a.txt /x')).toMatchObject({ x: 'file 644 33:50 a' });
    await expect(onBase('COPY --chown=nobody a.txt /x')).rejects.toThrow(
      /user nobody is not in the stage's \/etc\/passwd/,
    );
  });
});

describe('names of one file', () => {
  async function kindsOf(instructions: string): Promise<Record<string, string>> {
    const context = scratch.context({
      'd/a': 'x',
      'd/c': 'y',
      Dockerfile: `FROM scratch\n${instructions}\n`,
    });
    linkSync(`${context}/d/a`, `${context}/d/b`);
    const { image } = await buildFiles(scratch, {}, { context });
    const kinds: Record<string, string> = {};
    for (const { open, descriptor } of image.layers) {
      for await (const [{ name, type, linkname }] of readTar(readLayer(await open(), descriptor.mediaType)))
        kinds[name] = linkname === '' ? type : `${type} ${linkname}`;
    }
    return kinds;
  }

  it('stay that where they come from one source', async () => {
    expect(await kindsOf('COPY d /')).toEqual({ a: 'file', b: 'hardlink a', c: 'file' });
    expect(await kindsOf('COPY d/a d/b /')).toEqual({ a: 'file', b: 'file' });
  });
});
