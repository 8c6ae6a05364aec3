import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const FAIRLEAD = resolve(import.meta.dirname, '../../../bin/fairlead.ts');

async function fairlead(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const cacheDir = ['--cache-dir', join(scratch.root, 'cache')];
  const env = { ...process.env, NO_COLOR: '1' };
  const run = promisify(execFile)(process.execPath, [FAIRLEAD, 'build', ...cacheDir, ...args], { env });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

describe('fairlead build', () => {
  const context = scratch.context({
    'a.txt': 'a',
    Dockerfile: 'FROM scratch AS one\nARG N\nLABEL n=$N\nFROM one\nCOPY a.txt /',
  });

  it('writes an OCI layout, its names and the digests as buildx does', async () => {
    const layout = join(scratch.root, 'layout');
    const metadata = join(scratch.root, 'metadata.json');
    const outputs = ['--output', `oci-dir=${layout}`, '--metadata-file', metadata];
    const { code, stdout, stderr } = await fairlead('-t', 'app:1', '--build-arg', 'N=5', ...outputs, context);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/),
    });
    expect(stderr).toMatch(/\[stage-1 2\/2\] COPY a.txt \/ {2}\d\.\ds/);
    const written = JSON.parse(readFileSync(metadata, 'utf8')) as Record<string, string>;
    expect(written).toMatchObject({ 'containerimage.digest': stdout.trim(), 'image.name': 'app:1' });
    const blob = (digest = '') => readFileSync(join(layout, 'blobs', digest.replace(':', '/')), 'utf8');
    expect(JSON.parse(blob(written['containerimage.config.digest']))).toMatchObject({
      config: { Labels: { n: '5' } },
    });
    expect(readFileSync(join(layout, 'index.json'), 'utf8')).toContain('docker.io/library/app:1');
  });

  it('builds the stage and the platform that it is asked for', async () => {
    const archive = join(scratch.root, 'one.tar');
    const { code } = await fairlead(
      '--target',
      'one',
      '--rm',
      '--force-rm',
      '--platform',
      'linux/s390x',
      '--output',
      `oci-archive=${archive}`,
      context,
    );
    expect(code).toBe(0);
    expect(readFileSync(archive, 'latin1')).toMatch(/"architecture":"s390x"/);
  });

  it.each<[string, string[], number, RegExp]>([
    [
      'a typo',
      [scratch.context({ Dockerfile: 'FROM scratch\nCOPPY a b' })],
      1,
      /ERROR: Dockerfile:2: unknown instruction COPPY, did you mean COPY/,
    ],
    [
      'no Dockerfile',
      [scratch.context({})],
      1,
      /ERROR: Dockerfile: there is no such file in the build context/,
    ],
    ['no context', [join(scratch.root, 'nowhere')], 1, /ERROR: .*nowhere: there is no such directory/],
    [
      'a FROM of nothing',
      [scratch.context({ Dockerfile: 'ARG V\nFROM $V' })],
      1,
      /2 \| >>> FROM \$V\n\nERROR: Dockerfile:2: the image of FROM \$V is empty/,
    ],
    ['an unknown target', ['--target', 'x', context], 1, /no stage is called x/],
    ['an unknown flag', ['--nope'], 2, /unknown option '--nope'/],
    [
      'an unknown output',
      ['--output', 'docker', context],
      2,
      /write type=oci\|docker\|local\|tar,dest=PATH, type=registry, oci-dir=DIR or oci-archive=FILE/,
    ],
    ['a context that is elsewhere', ['https://github.com/a/b.git'], 2, /clone it, and name the directory/],
    ['attestations', ['--provenance=max', context], 2, /--provenance is not written/],
    ['a daemon', ['--load', context], 2, /pipe it into docker load/],
    ['a bad name', ['-t', 'UPPER', context], 2, /has to be in lower case/],
    ['a registry without a name', ['--output', 'registry', context], 2, /needs a name: add -t NAME/],
  ])('ends with one clear line for %s', async (_name, args, code, message) => {
    const ended = await fairlead(...args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(message);
    expect(existsSync(join(scratch.root, 'nowhere'))).toBe(false);
  });
});
