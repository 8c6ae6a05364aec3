import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { removeTree } from '../../../lib/sandbox/remove-tree.ts';
import { startRegistry } from '../../../local/registry/server.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const MACHINE = fileURLToPath(new URL('./cache-machine.ts', import.meta.url));

/** One build in a process of its own, as `cache-machine.ts` does it. */
function machine(
  host: string,
  context: string,
  cacheDir: string,
): ChildProcess & { digest: Promise<string> } {
  const child = spawn(process.execPath, [MACHINE, host, context, cacheDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const digest = once(child, 'exit').then(() => Buffer.concat(chunks).toString().trim());
  return Object.assign(child, { digest });
}

const FILES = Object.fromEntries(
  Array.from({ length: 30 }, (_, number) => [`f/${number}`, `${number}`.repeat(20_000)]),
);
const Dockerfile = [
  'FROM scratch AS one',
  'COPY f /f',
  'COPY f/1 /g',
  'FROM scratch',
  'COPY --from=one /f /f',
  'COPY --from=one /g /g',
  'COPY f/2 /h',
].join('\n');

it('a build that is killed at any moment leaves the next one right, here and on other machines', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-killed-'));
  const registry = await startRegistry({ stateDir: folder });
  const context = scratch.context({ ...FILES, Dockerfile });
  const whole = machine(registry.host, context, scratch.directory());
  const began = Date.now();
  const digest = await whole.digest;
  const took = Date.now() - began;
  expect(digest).toMatch(/^sha256:/);
  const cacheDir = scratch.directory();
  const second = await startRegistry({ stateDir: join(folder, 'second') });
  for (let part = 1; part <= 6; part++) {
    const killed = machine(second.host, context, cacheDir);
    await wait(took * (0.35 + part / 10));
    killed.kill('SIGKILL');
    await killed.digest;
  }
  expect(await machine(second.host, context, cacheDir).digest).toBe(digest);
  expect(await machine(second.host, context, scratch.directory()).digest).toBe(digest);
  await Promise.all([registry.close(), second.close()]);
  removeTree(folder);
}, 60_000);

it('builds that share a disk and a cache at the same time make the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-together-'));
  const registry = await startRegistry({ stateDir: folder });
  const context = scratch.context({ ...FILES, Dockerfile });
  const cacheDir = scratch.directory();
  const all = await Promise.all([1, 2, 3].map(() => machine(registry.host, context, cacheDir).digest));
  expect(new Set(all).size).toBe(1);
  expect(await machine(registry.host, context, scratch.directory()).digest).toBe(all[0]);
  await registry.close();
  removeTree(folder);
}, 60_000);
