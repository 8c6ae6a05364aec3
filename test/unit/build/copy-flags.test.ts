import { afterAll, describe, expect, it } from 'vitest';
import type { Image } from '../../../lib/image/types.ts';
import { buildFiles, directory, imageOf, registryOf, Scratch, steps } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const CONTEXT = {
  'x/a.txt': 'a',
  'x/b.md': 'b',
  'x/deep/c.txt': 'c',
  'y/a.txt': 'A',
  'run.sh': '#!/bin/sh',
  'home.txt': 'h',
  'home.md': 'm',
};

async function copied(instructions: string, images: Record<string, Image> = {}, base = 'scratch') {
  const context = { ...CONTEXT, Dockerfile: `FROM ${base}\n${instructions}\n` };
  return (await buildFiles(scratch, context, { registries: registryOf(images) })).files;
}

describe('COPY --parents', () => {
  const below = { p: 'directory 755 0:0' };
  it.each<[string, Record<string, string>]>([
    [
      'COPY --parents ./x/a.txt ./y/a.txt /p/',
      {
        ...below,
        'p/x': 'directory 755 0:0',
        'p/x/a.txt': 'file 644 0:0 a',
        'p/y': 'directory 755 0:0',
        'p/y/a.txt': 'file 644 0:0 A',
      },
    ],
    [
      'COPY --parents x/./deep/*.txt /p/',
      { ...below, 'p/deep': 'directory 755 0:0', 'p/deep/c.txt': 'file 644 0:0 c' },
    ],
    [
      'COPY --parents **/*.txt /p/',
      {
        ...below,
        'p/home.txt': 'file 644 0:0 h',
        'p/x': 'directory 755 0:0',
        'p/x/a.txt': 'file 644 0:0 a',
        'p/x/deep': 'directory 755 0:0',
        'p/x/deep/c.txt': 'file 644 0:0 c',
        'p/y': 'directory 755 0:0',
        'p/y/a.txt': 'file 644 0:0 A',
      },
    ],
    [
      'COPY --parents x/deep /p/',
      {
        ...below,
        'p/x': 'directory 755 0:0',
        'p/x/deep': 'directory 755 0:0',
        'p/x/deep/c.txt': 'file 644 0:0 c',
      },
    ],
    [
      'COPY --parents --exclude=**/deep --chown=3:4 x /p/',
      {
        p: 'directory 755 3:4',
        'p/x': 'directory 755 3:4',
        'p/x/a.txt': 'file 644 3:4 a',
        'p/x/b.md': 'file 644 3:4 b',
      },
    ],
    ['COPY --parents nope*/x /p/', below],
  ])('%s', async (instructions, expected) => {
    expect(await copied(instructions)).toEqual(expected);
  });

  it('wants a path without wildcards to be there', async () => {
    await expect(copied('COPY --parents x/nope /p/')).rejects.toThrow(/x\/nope is not there/);
  });
});

describe('COPY --exclude', () => {
  it.each<[string, string[]]>([
    ['COPY --exclude=*.md x /', ['a.txt', 'deep', 'deep/c.txt']],
    ['COPY --exclude=**/*.txt x /', ['b.md', 'deep']],
    ['COPY --exclude=deep --exclude=*.md x /', ['a.txt']],
    ['COPY --exclude=* --exclude=!deep/c.txt x /', ['deep', 'deep/c.txt']],
    ['COPY --exclude=*.txt hom* /', ['home.md']],
    ['COPY --exclude=*.txt x/* /', ['b.md']],
    ['ADD --exclude=*.txt home.txt home.md /', ['home.md', 'home.txt']],
  ])('%s', async (instructions, expected) => {
    expect(Object.keys(await copied(instructions)).sort()).toEqual(expected);
  });
});

describe('COPY of here-documents', () => {
  it.each<[string, Record<string, string>]>([
    ['COPY <<EOF /x\nhello\nEOF', { x: 'file 644 0:0 hello\n' }],
    ['COPY <<EOF /d/\nhello\nEOF', { d: 'directory 755 0:0', 'd/EOF': 'file 644 0:0 hello\n' }],
    ['ARG N=you\nCOPY <<EOF /x\nhi "$N" \\$N\nEOF', { x: 'file 644 0:0 hi "you" $N\n' }],
    ["ARG N=you\nCOPY <<'EOF' /x\nhi $N\nEOF", { x: 'file 644 0:0 hi $N\n' }],
    ['COPY <<-EOF /x\n\t\tindented\n\tEOF', { x: 'file 644 0:0 indented\n' }],
    ['COPY --chmod=755 --chown=1:2 <<run.sh /\n#!/bin/sh\nrun.sh', { 'run.sh': 'file 755 1:2 #!/bin/sh\n' }],
    [
      'COPY home.txt <<a <<b /d/\n1\na\n2\nb',
      {
        d: 'directory 755 0:0',
        'd/home.txt': 'file 644 0:0 h',
        'd/a': 'file 644 0:0 1\n',
        'd/b': 'file 644 0:0 2\n',
      },
    ],
    ['ADD <<EOF /x\nEOF', { x: 'file 644 0:0 ' }],
  ])('%s', async (instructions, expected) => {
    expect(await copied(instructions)).toEqual(expected);
  });
});

describe('COPY --chmod', () => {
  it('takes symbolic modes, for directories and files alike', async () => {
    const files = await copied('COPY --chmod=u=rwX,go= run.sh x /d/');
    expect(files).toMatchObject({
      d: 'directory 755 0:0',
      'd/run.sh': 'file 700 0:0 #!/bin/sh',
      'd/a.txt': 'file 600 0:0 a',
      'd/deep': 'directory 700 0:0',
    });
  });

  it('may be a variable', async () => {
    expect(await copied('ARG M=600\nCOPY --chmod=$M home.txt /')).toEqual({ 'home.txt': 'file 600 0:0 h' });
    await expect(copied('ARG M=9\nCOPY --chmod=$M home.txt /')).rejects.toThrow(/--chmod is 9/);
  });
});

describe('COPY --link', () => {
  const link = {
    path: 'bin',
    type: 'symlink' as const,
    mode: 0o777,
    uid: 0,
    gid: 0,
    mtime: 0,
    linkTarget: 'usr/bin',
  };

  it('makes a layer that looks at nothing below it', async () => {
    const image = await imageOf(scratch, [
      directory('usr'),
      directory('usr/bin'),
      directory('tmp', 0o1777),
      link,
    ]);
    const files = await copied(
      'COPY --link home.txt /bin/\nCOPY --link home.md /tmp/',
      { 'base:1': image },
      'base:1',
    );
    expect(files).toMatchObject({
      bin: 'directory 755 0:0',
      'bin/home.txt': 'file 644 0:0 h',
      tmp: 'directory 755 0:0',
    });
    expect(files).not.toHaveProperty('usr/bin/home.txt');
  });

  it('is the same layer, and the same step, on another base', async () => {
    const one = await imageOf(scratch, [directory('one')]);
    const other = await imageOf(scratch, [directory('other'), link]);
    const registries = registryOf({ 'one:1': one, 'other:1': other });
    const cacheDir = scratch.directory();
    const built = [];
    for (const base of ['one:1', 'other:1']) {
      const context = { ...CONTEXT, Dockerfile: `FROM ${base}\nCOPY --link --chown=7:8 x /bin/x\n` };
      built.push(await buildFiles(scratch, context, { registries, cacheDir }));
    }
    const [first, second] = built.map(({ image }) => image.layers.at(-1)?.descriptor.digest);
    expect(second).toBe(first);
    expect(steps(built[1]?.events ?? []).at(-1)).toMatch(/\(cached\)$/);
  });

  it('knows no names', async () => {
    const passwd = scratch.context({ passwd: 'web:x:5:6::/:/bin/sh\n' });
    const entry = {
      path: 'etc/passwd',
      type: 'file' as const,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0,
      size: 21,
    };
    const image = await imageOf(scratch, [directory('etc'), { ...entry, file: `${passwd}/passwd` }]);
    const base = { 'base:1': image };
    expect(await copied('COPY --chown=web home.txt /', base, 'base:1')).toMatchObject({
      'home.txt': 'file 644 5:6 h',
    });
    await expect(copied('COPY --link --chown=web home.txt /', base, 'base:1')).rejects.toThrow(
      /user web is unknown/,
    );
  });
});
