import { spawn } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { isHeld } from '../../../lib/build/store/lock.ts';
import { prune } from '../../../lib/build/store/prune.ts';
import { takeSlot } from '../../../lib/build/store/slots.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const FAIRLEAD = resolve(import.meta.dirname, '../../../bin/fairlead.ts');
const HOUR = 60 * 60 * 1000;

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  ms: number;
}

async function fairlead(cacheDir: string, context: string, killAfter?: number): Promise<Ended> {
  const started = Date.now();
  const child = spawn(process.execPath, [FAIRLEAD, 'build', '--cache-dir', cacheDir, context]);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (said.stdout += chunk));
  child.stderr.on('data', (chunk) => (said.stderr += chunk));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  if (killAfter !== undefined) {
    await Promise.race([sleep(killAfter), closed]);
    child.kill('SIGKILL');
  }
  return { code: await closed, ...said, ms: Date.now() - started };
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !lstatSync(join(directory, path)).isDirectory(),
  );
}

describe('a build that is killed', () => {
  const context = scratch.context({
    'go.mod': 'module example.com/app\n',
    'main.go': 'package main\n\nfunc main() { println("hello") }\n',
    'large.bin': 'x'.repeat(3_000_000),
    Dockerfile: `FROM scratch AS files
COPY large.bin /a/
COPY large.bin /b/
FROM golang:1 AS build
WORKDIR /src
COPY . .
RUN go build -o /app .
FROM scratch
COPY --from=build /app /app
COPY --from=files /a /b /files/`,
  });

  it('at any moment leaves nothing that the next one stumbles over', { timeout: 180_000 }, async () => {
    const whole = await fairlead(scratch.directory(), context);
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sha256:/) });
    const warm = scratch.directory();
    await fairlead(warm, context);
    const cacheDir = scratch.directory();
    for (let at = 0; at < 10; at++) {
      // Compiled already, so that moments after the compiler are met too.
      if (at % 2 === 1) cpSync(join(warm, 'go'), join(cacheDir, 'go'), { recursive: true });
      await fairlead(cacheDir, context, Math.random() * Math.min(whole.ms, at % 2 === 0 ? 4000 : 1500));
    }
    expect(await fairlead(cacheDir, context)).toMatchObject({ code: 0, stdout: whole.stdout });
    const locks = readdirSync(join(cacheDir, 'stages')).filter((name) => name.endsWith('.lock'));
    expect(locks.filter((name) => isHeld(join(cacheDir, 'stages', name)))).toEqual([]);
    prune(new Store(cacheDir), { now: Date.now() + 2 * HOUR });
    expect(filesBelow(cacheDir).filter((path) => /unfinished|trial-|\.[0-9a-f]{8}-/.test(path))).toEqual([]);
    expect(await fairlead(cacheDir, context)).toMatchObject({ code: 0, stdout: whole.stdout });
  });
});

describe('what builds left unfinished', () => {
  it('goes when it is old, however little it is, and stays while somebody may write to it', () => {
    const store = new Store(scratch.directory());
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    const left = [
      `files/unfinished-${id}`,
      `blobs/unfinished/${id}`,
      `steps/aa.json.${id}`,
      `trial-1-2/upper/x`,
    ];
    for (const path of [...left, 'steps/aa.json']) {
      mkdirSync(join(store.path(path), '..'), { recursive: true });
      writeFileSync(store.path(path), 'x');
    }
    mkdirSync(store.path(`roots/bb.${id}`), { recursive: true });
    prune(store, { now: Date.now() + HOUR / 2 });
    expect(left.filter((path) => !existsSync(store.path(path)))).toEqual([]);
    prune(store, { now: Date.now() + 2 * HOUR });
    expect([...left, `roots/bb.${id}`].filter((path) => existsSync(store.path(path)))).toEqual([]);
    expect(existsSync(store.path('steps/aa.json'))).toBe(true);
  });
});

describe('the lock of a slot', () => {
  it('is nobody’s when another process has the number of its owner', () => {
    const parent = scratch.directory();
    const slot = takeSlot(parent, 'x');
    const lock = `${slot.directory}.lock`;
    expect(isHeld(lock)).toBe(true);
    const [pid, start] = readFileSync(lock, 'utf8').split(' ');
    writeFileSync(lock, `${pid} ${Number(start) - 1}`);
    expect(isHeld(lock)).toBe(false);
    expect(takeSlot(parent, 'x').directory).toBe(slot.directory);
  });
});
