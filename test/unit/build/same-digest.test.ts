import { spawn } from 'node:child_process';
import { chmodSync, cpSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());
chmodSync(scratch.root, 0o755);

const FAIRLEAD = resolve(import.meta.dirname, '../../../bin/fairlead.ts');
const NOBODY = 65_534;

interface Circumstances {
  context?: string;
  cacheDir?: string;
  env?: Record<string, string>;
  umask?: string;
  flags?: string[];
  uid?: number;
}

async function digestOf(circumstances: Circumstances = {}): Promise<string> {
  const { umask = '022', env = {}, flags = [], uid } = circumstances;
  const cacheDir = circumstances.cacheDir ?? scratch.directory();
  if (uid !== undefined) chmodSync(cacheDir, 0o777);
  const command = `umask ${umask}; exec "$@"`;
  const args = [FAIRLEAD, 'build', '--cache-dir', cacheDir, ...flags, circumstances.context ?? context];
  const child = spawn('/bin/sh', ['-c', command, 'sh', process.execPath, ...args], {
    env: { PATH: process.env.PATH, HOME: cacheDir, ...env },
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const [digest, said, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('close', resolve)),
  ]);
  if (code !== 0) throw new Error(said);
  return digest.trim();
}

const context = scratch.context({
  'go.mod': 'module example.com/app\n',
  'main.go': 'package main\n\nfunc main() { println("hello") }\n',
  'b/ä.txt': 'umlaut',
  'b/Z.txt': 'z',
  'b/a.txt': '-> ä.txt',
  'run.sh': '#!/bin/sh\n',
  Dockerfile: `FROM scratch AS one
COPY b /one
FROM scratch AS two
COPY --chmod=700 --chown=3:4 b/*.txt run.sh /two/
FROM golang:1 AS build
WORKDIR /src
COPY . .
RUN go build -o /app . && mkdir -p /made && touch /made/empty
FROM scratch
COPY --from=two / /
COPY --from=one / /
COPY --from=build /made /app /
WORKDIR /work
ENV A=1`,
});

describe('the same input', () => {
  it('makes the same digest, whoever builds it where and how', { timeout: 180_000 }, async () => {
    const cacheDir = scratch.directory();
    const digest = await digestOf({ cacheDir });
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const elsewhere = join(scratch.directory(), 'other place');
    cpSync(context, elsewhere, { recursive: true, verbatimSymlinks: true });
    for (const path of ['go.mod', 'b', 'run.sh', 'Dockerfile'])
      utimesSync(join(elsewhere, path), new Date(1e12), new Date(1e12));
    const same: Record<string, Circumstances> = {
      'with the cache': { cacheDir },
      'without the cache': { cacheDir, flags: ['--no-cache'] },
      'with another umask': { cacheDir, umask: '077', flags: ['--no-cache'] },
      'with another time zone and language': {
        cacheDir,
        flags: ['--no-cache'],
        env: { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', USER: 'x', CI: '1' },
      },
      'from another place, with other times': { cacheDir, context: elsewhere },
    };
    for (const [how, circumstances] of Object.entries(same)) {
      expect(await digestOf(circumstances), how).toBe(digest);
    }
    // Two at a time in one cache are as good as one after the other.
    const both = await Promise.all([digestOf({ cacheDir, flags: ['--no-cache'] }), digestOf({ cacheDir })]);
    expect(both).toEqual([digest, digest]);
    // In a cache of its own, and where this may be, as an ordinary user.
    const user = process.getuid?.() === 0 ? { uid: NOBODY } : {};
    expect(await digestOf(user), 'as an ordinary user').toBe(digest);
  });
});
