import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { verifying } from '../../../lib/image/digest.ts';
import type { Image } from '../../../lib/image/types.ts';
import { buildFiles, imageOf, registryOf, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const VERSION = /go(\d+\.\d+)/.exec(
  execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }),
)?.[1] as string;
const MOD = `module example.com/app\n\ngo ${VERSION}\n`;
const MAIN = 'package main\n\nfunc main() {}\n';
const UP = '../'.repeat(15);

/** What went wrong with a go stage that has these files and does `run`; `built` when nothing did. */
async function attempt(run: string, files: Record<string, string> = {}): Promise<string> {
  const Dockerfile = `FROM golang:${VERSION}\nWORKDIR /src/app\nCOPY . .\nRUN ${run}\nFROM scratch\nCOPY --from=0 /src /\n`;
  // Where a sandbox could go on with it, only what the function engine refuses shows here.
  const context = { 'go.mod': MOD, 'main.go': MAIN, ...files, Dockerfile };
  const built = buildFiles(scratch, context, { engines: ['function'] });
  return built.then(
    () => 'built',
    (error: Error & { details?: string }) => `${error.message}\n${error.details ?? ''}`,
  );
}

describe('a go command writes nothing outside of the stage', () => {
  it.each<[string, (to: string) => string]>([
    ['by a path that begins with a dot', (to) => `go build -o ./${UP}${to.slice(1)} .`],
    ['by a path that climbs later on', (to) => `go build -o=x/${UP}../${to.slice(1)} .`],
    ['by GOFLAGS', (to) => `GOFLAGS=-o=${to} go build .`],
  ])('%s', async (_, line) => {
    const directory = scratch.directory();
    await attempt(line(join(directory, 'written')));
    expect(existsSync(join(directory, 'written'))).toBe(false);
  });
});

describe('a go command reads nothing outside of the stage', () => {
  const secret = join(scratch.directory(), 'secret.go');
  writeFileSync(secret, 'SECRET text\n');
  const WITH_ASSEMBLY = { 'main.go': 'package main\n\nfunc f()\n\nfunc main() {}\n' };

  it.each<[string, Record<string, string>]>([
    ['behind comments', { 'a.s': `/**/ # /* */ include /**/ "${secret}"\n` }],
    ['over several lines', { 'a.s': `# /*\n*/ include /*\n*/ "${secret}"\n` }],
    ['by escapes', { 'a.s': `#include "\\x2f${secret.slice(1)}"\n` }],
    ['by a file that is included', { 'a.s': '#include "b.h"\n', 'b.h': `#include "${secret}"\n` }],
  ])('by what assembly includes %s', async (_, files) => {
    const said = await attempt('go build -o /app .', { ...WITH_ASSEMBLY, ...files });
    expect(said).toMatch(/includes a file of another directory/);
    expect(said).not.toContain('SECRET');
  });

  it('but what assembly includes beside it', async () => {
    const include = '#include "textflag.h" // to include flags\n// all that we\n// include\n#include "b.h"\n';
    const files = { 'a.s': `${include}TEXT ·f(SB),NOSPLIT,$0\n\tRET\n`, 'b.h': '#define X 1\n' };
    expect(await attempt('go build -o /app .', { ...WITH_ASSEMBLY, ...files })).toBe('built');
  });

  it('by links that were moved', async () => {
    const link = `-> ${'../'.repeat(12)}${secret.slice(1)}`;
    const deep = 'a/b/c/d/e/f/g/h/i/j/k/l';
    for (const move of ['mv', 'cp -r']) {
      const said = await attempt(`${move} ${deep} x && cp x/x.go y.go && go build -o /app .`, {
        [`${deep}/x.go`]: link,
      });
      expect(said).toMatch(/cp: cannot stat/);
    }
  });

  const other = scratch.context({
    'go.mod': 'module example.com/other\n',
    'other.go': 'package other\n\nconst S = "SECRET"\n',
  });
  const main = 'package main\n\nimport "example.com/other"\n\nfunc main() { println(other.S) }\n';
  const mod = `${MOD}require example.com/other v0.0.0\n`;
  const work = `go ${VERSION}\n\nuse .\n`;

  it.each<[string, string, Record<string, string>]>([
    ['quotes', 'go build', { 'go.mod': `${mod}replace example.com/other => "/${other}"\n` }],
    ['escapes', 'go build', { 'go.mod': `${mod}replace example.com/other => "\\x2f${other.slice(1)}"\n` }],
    ['-modfile', 'go build -modfile=x.mod', { 'x.mod': `${mod}replace example.com/other => ${other}\n` }],
    ['use', 'go build', { 'go.mod': mod, 'go.work': `${work}use x/${UP}../${other.slice(1)}\n` }],
    [
      'a module that is used',
      'go build',
      {
        'go.mod': mod,
        'go.work': `${work}use ./x\n`,
        'x/go.mod': `module x\nreplace example.com/other => ${other}\n`,
      },
    ],
    ['GOWORK', 'GOWORK=/src/app/y.work go build', { 'go.mod': mod, 'y.work': `${work}use ${other}\n` }],
  ])('by %s', async (_, run, files) => {
    const said = await attempt(`${run} -o /app .`, { 'main.go': main, ...files });
    expect(said).toMatch(/names \S+, which is outside of the stage/);
  });

  it('by imports without modules', async () => {
    const imports = main.replace('example.com/other', `${UP}${other.slice(1)}`);
    for (const run of ['GO111MODULE=off go build', 'export GO111MODULE=off && go build'])
      expect(await attempt(`${run} -o /app .`, { 'main.go': imports })).not.toBe('built');
  });

  it('but what a replace in the stage names', async () => {
    const files = { 'go.mod': `${mod}replace example.com/other => ./lib/../other // ours\n` };
    const inside = {
      'other/go.mod': 'module example.com/other\n',
      'other/o.go': 'package other\n\nconst S = 1\n',
    };
    const built = await attempt('cd /src/app && go build -o ./lib/../../out/app .', {
      'main.go': main,
      ...files,
      ...inside,
    });
    expect(built).toBe('built');
  });
});

describe('a go command runs nothing', () => {
  it('by blanks in GOFLAGS that only Go takes for some', async () => {
    const directory = scratch.directory();
    const [mark, tool] = [join(directory, 'ran'), join(directory, 'tool')];
    writeFileSync(tool, `#!/bin/sh\ntouch ${mark}\nexec "$@"\n`, { mode: 0o755 });
    const said = await attempt(`GOFLAGS=-v\u0085-toolexec=${tool} go build -a -o /app .`);
    expect(existsSync(mark)).toBe(false);
    expect(said).toMatch(/GOFLAGS has what is no plain flag/);
  });

  it('by the configuration of a git repository in the stage', async () => {
    const Dockerfile = `FROM golang:${VERSION}\nWORKDIR /w\nCOPY . .\nRUN mv dotgit .git && go build -buildvcs=auto -o /app .\nFROM scratch\nCOPY --from=0 /app /\n`;
    const context = scratch.context({ 'go.mod': MOD, 'main.go': MAIN, Dockerfile });
    const mark = join(scratch.directory(), 'ran');
    const git = (...args: string[]) => execFileSync('git', ['-C', context, ...args]);
    git('init', '-q');
    git('add', '.');
    git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '-m', 'x');
    git('config', 'core.fsmonitor', `touch ${mark}; false`);
    renameSync(join(context, '.git'), join(context, 'dotgit'));
    await buildFiles(scratch, {}, { context }).catch(() => undefined);
    expect(existsSync(mark)).toBe(false);
  });
});

describe('caches', () => {
  it('of modules are apart for those who get modules from elsewhere', async () => {
    const cacheDir = scratch.directory();
    const proxy = scratch.directory();
    const at = join(proxy, 'example.com/x/@v');
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, 'v1.0.0.mod'), 'module example.com/x\n');
    writeFileSync(join(at, 'v1.0.0.info'), '{"Version":"v1.0.0"}');
    const run = `GOPROXY=file://${proxy} GONOSUMDB='*' GOFLAGS=-mod=mod go list -m example.com/x`;
    const mod = `${MOD}require example.com/x v1.0.0\n`;
    const Dockerfile = `FROM golang:${VERSION}\nWORKDIR /w\nCOPY go.mod .\nRUN ${run}\nFROM scratch\nCOPY --from=0 /w /\n`;
    await buildFiles(scratch, { 'go.mod': mod, Dockerfile }, { cacheDir });
    expect(existsSync(join(cacheDir, 'go/mod/cache/download/example.com'))).toBe(false);
  });

  async function* slowly(bytes: Buffer) {
    for (let at = 0; at < bytes.length; at += 100_000) {
      yield bytes.subarray(at, at + 100_000);
      await setTimeout(1);
    }
  }

  /** An image whose registry serves other bytes under the digests of `image`. */
  function forged(image: Image, bytes: Buffer): Image {
    const layers = image.layers.map((layer) => {
      const descriptor = { ...layer.descriptor, size: bytes.length };
      const open = async () => Readable.from(slowly(bytes)).pipe(verifying(descriptor, 'evil'));
      return { ...layer, descriptor, open };
    });
    return { ...image, layers };
  }

  it.each([
    ['that are the layer', 0],
    ['with more behind their end', 16],
  ])(
    'of bases take nothing from a registry that serves other bytes than asked for, %s',
    async (_, padding) => {
      const layer = async (text: string) => {
        const file = join(scratch.context({ text }), 'text');
        const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0 };
        const big = join(scratch.directory(), 'big');
        writeFileSync(big, randomBytes(3_000_000));
        return imageOf(scratch, [
          { ...common, path: 'file', type: 'file', size: text.length, file },
          { ...common, path: 'more', type: 'file', size: 3_000_000, file: big },
        ]);
      };
      const [good, evil] = [await layer('good'), await layer('evil')];
      const bytes = await buffer(await (evil.layers[0] as Image['layers'][0]).open());
      const registries = registryOf({
        good,
        evil: forged(good, Buffer.concat([bytes, Buffer.alloc(padding)])),
      });
      const cacheDir = scratch.directory();
      const from = (image: string, name = 'file') => ({
        Dockerfile: `FROM scratch\nCOPY --from=${image} /${name} /${name}\n`,
      });
      // What is in the layer is known from then on, and only its bytes are asked for.
      if (padding === 0) await buildFiles(scratch, from('good', 'more'), { cacheDir, registries });
      await expect(buildFiles(scratch, from('evil'), { cacheDir, registries })).rejects.toThrow(
        /digest|behind its end|bytes/,
      );
      const { files } = await buildFiles(scratch, from('good'), { cacheDir, registries });
      expect(files.file).toMatch(/ good$/);
    },
  );

  it('know the time that files are given', async () => {
    const cacheDir = scratch.directory();
    const Dockerfile = `FROM golang:${VERSION} AS b\nRUN mkdir /x && touch /x/f\nFROM scratch\nCOPY --from=b /x/f /f\n`;
    const build = async (epoch: string, fresh?: string) =>
      (
        await buildFiles(
          scratch,
          { Dockerfile },
          { cacheDir: fresh ?? cacheDir, buildArgs: { SOURCE_DATE_EPOCH: epoch } },
        )
      ).image.digest;
    await build('1');
    expect(await build('2')).toBe(await build('2', scratch.directory()));
  });
});

it('what the file system refuses fails the command, as in a shell', async () => {
  expect(await attempt('mkdir d && mv d main.go')).toMatch(/exit code 1: mv: ENOTDIR/);
});

it('reads no .dockerignore through a link out of the context', async () => {
  const outside = join(scratch.context({ rules: 'x' }), 'rules');
  const files = { '.dockerignore': `-> ${outside}`, Dockerfile: 'FROM scratch\nCOPY . /\n' };
  await expect(buildFiles(scratch, files)).rejects.toThrow(/\.dockerignore: it is a link that leads out/);
});
