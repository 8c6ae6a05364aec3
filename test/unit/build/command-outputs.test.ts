import { spawn } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import tar from 'tar-stream';
import { afterAll, describe, expect, it } from 'vitest';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const FAIRLEAD = resolve(import.meta.dirname, '../../../bin/fairlead.ts');
const context = scratch.context({
  'a.txt': 'a',
  'run.sh': '#!/bin/sh\n',
  link: '-> a.txt',
  Dockerfile:
    'FROM scratch\nARG TARGETARCH\nCOPY --chown=7:8 a.txt run.sh link /d/\nCOPY a.txt /$TARGETARCH\n',
});

async function fairlead(args: string[], input?: string) {
  const all = [FAIRLEAD, 'build', '--cache-dir', join(scratch.root, 'cache'), ...args];
  const child = spawn(process.execPath, all, { env: { ...process.env, NO_COLOR: '1' } });
  child.stdin.end(input ?? '');
  const [stdout, stderr, code] = await Promise.all([
    buffer(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('close', resolve)),
  ]);
  return { stdout, stderr, code, digest: stdout.toString().trim() };
}

async function entriesOf(
  archive: Buffer,
): Promise<Record<string, { type: string; owner: string; text: string }>> {
  const entries: Record<string, { type: string; owner: string; text: string }> = {};
  const extract = tar.extract();
  Readable.from([archive]).pipe(extract);
  for await (const entry of extract) {
    const { name, type, uid, gid } = entry.header;
    entries[name] = { type: type ?? '', owner: `${uid}:${gid}`, text: (await buffer(entry)).toString() };
  }
  return entries;
}

describe('fairlead build --output', () => {
  it('type=docker writes what docker load takes, names and all', async () => {
    const { stdout, code } = await fairlead(['-q', '-t', 'app:1', '--output', 'type=docker', context]);
    expect(code).toBe(0);
    const entries = await entriesOf(stdout);
    const [saved] = JSON.parse(entries['manifest.json']?.text ?? '') as {
      Config: string;
      RepoTags: string[];
      Layers: string[];
    }[];
    expect(saved?.RepoTags).toEqual(['docker.io/library/app:1']);
    expect(JSON.parse(entries[saved?.Config ?? '']?.text ?? '')).toMatchObject({
      rootfs: { type: 'layers' },
    });
    for (const layer of saved?.Layers ?? ['none']) expect(Object.keys(entries)).toContain(layer);
    expect(Object.keys(entries)).toContain('oci-layout');
  });

  it('type=tar writes the files with their owners', async () => {
    const { stdout } = await fairlead(['-q', '--platform', 'linux/arm64', '-o', '-', context]);
    expect(await entriesOf(stdout)).toMatchObject({
      'd/a.txt': { type: 'file', owner: '7:8', text: 'a' },
      'd/link': { type: 'file', text: 'a' },
      arm64: { owner: '0:0', text: 'a' },
    });
  });

  it('type=local writes the files over those that are there, and through no link', async () => {
    const out = scratch.directory();
    const outside = scratch.directory();
    writeFileSync(join(out, 'mine'), 'stays');
    symlinkSync(outside, join(out, 'd'));
    mkdirSync(join(out, 'arm64'));
    const { code, stderr } = await fairlead([
      '--platform',
      'linux/arm64',
      '-o',
      `type=local,dest=${out}`,
      context,
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(readFileSync(join(out, 'd/a.txt'), 'utf8')).toBe('a');
    expect(lstatSync(join(out, 'd')).isDirectory()).toBe(true);
    expect(readFileSync(join(out, 'arm64'), 'utf8')).toBe('a');
    expect(readFileSync(join(out, 'mine'), 'utf8')).toBe('stays');
    expect(lstatSync(join(out, 'd/run.sh')).mode & 0o777).toBe(0o755);
  });

  it('with several platforms writes an index, or a folder for each', async () => {
    const archive = join(scratch.root, 'index.tar');
    const out = scratch.directory();
    const metadata = join(scratch.root, 'metadata.json');
    const { digest, stderr } = await fairlead([
      ...['--platform', 'linux/amd64,linux/arm/v7', '--metadata-file', metadata],
      ...['-o', `type=oci,dest=${archive}`, '-o', out, context],
    ]);
    expect(stderr).toMatch(/^\[linux\/arm\/v7 stage-0 2\/3\] COPY/m);
    expect(stderr).toMatch(/built sha256:[0-9a-f]{12}, 2 platforms, .* in \d layers, \d of 4 steps cached/);
    const entries = await entriesOf(readFileSync(archive));
    expect(JSON.parse(entries['index.json']?.text ?? '')).toMatchObject({
      manifests: [{ digest, mediaType: 'application/vnd.oci.image.index.v1+json' }],
    });
    const index = JSON.parse(entries[`blobs/${digest.replace(':', '/')}`]?.text ?? '');
    expect(index.manifests).toMatchObject([
      { platform: { architecture: 'amd64' } },
      { platform: { architecture: 'arm', variant: 'v7' } },
    ]);
    expect(JSON.parse(readFileSync(metadata, 'utf8'))).toMatchObject({ 'containerimage.digest': digest });
    expect(readFileSync(join(out, 'linux_arm_v7', 'arm'), 'utf8')).toBe('a');
    expect(readFileSync(join(out, 'linux_amd64', 'amd64'), 'utf8')).toBe('a');
  });
});

describe('fairlead build', () => {
  it('takes the Dockerfile from the standard input, and writes the digest to a file', async () => {
    const file = join(scratch.root, 'iid');
    const flags = [
      '-f',
      '-',
      '--label',
      'b=2',
      '--iidfile',
      file,
      '--output',
      `oci-dir=${join(scratch.root, 'l')}`,
    ];
    const { digest, code } = await fairlead([...flags, context], 'FROM scratch\nCOPY link /x\nLABEL a=1 b=1');
    expect(code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(digest);
    const blob = (name: string) =>
      JSON.parse(readFileSync(join(scratch.root, 'l/blobs', name.replace(':', '/')), 'utf8'));
    expect(blob(blob(digest).config.digest).config.Labels).toEqual({ a: '1', b: '2' });
  });

  it('says nothing but the digest when it is to be quiet, and events as JSON when asked for them', async () => {
    const quiet = await fairlead(['-q', context]);
    expect({ ...quiet, stderr: quiet.stderr }).toMatchObject({ code: 0, stderr: '' });
    expect(quiet.digest).toMatch(/^sha256:/);
    const raw = await fairlead(['--progress', 'rawjson', context]);
    const events = raw.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toContainEqual(expect.objectContaining({ type: 'step', stage: 'stage-0', number: 2 }));
  });

  it('checks a Dockerfile without building it', async () => {
    const doubtful = scratch.context({ Dockerfile: 'FROM scratch as one\nCMD x\nCMD y' });
    const checked = await fairlead(['--check', doubtful]);
    expect(checked.code).toBe(1);
    expect(checked.digest).toMatch(/^Dockerfile:\d+: .*\(\w+\)$/m);
    expect((await fairlead(['--check', context])).digest).toBe('Check complete, no warnings found.');
  });
});
