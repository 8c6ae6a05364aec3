import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { isHeld, tryLock, unlock, waitForLock } from '../../../lib/build/store/lock.ts';

const scratch = mkdtempSync(join(tmpdir(), 'fairlead-lock-'));
afterAll(() => rmSync(scratch, { recursive: true }));

it('is one’s at a time, in one process, and leaves nothing beside it', async () => {
  const file = join(scratch, 'own');
  expect([tryLock(file), tryLock(file)]).toEqual([true, false]);
  let told = 0;
  const waiting = waitForLock(file, () => told++);
  setTimeout(() => unlock(file), 150);
  await waiting;
  expect(told).toBe(1);
  unlock(file);
  expect(readdirSync(scratch)).toEqual([]);
});

it('is taken from processes that are gone, and stops waiting when it is told to', async () => {
  const file = join(scratch, 'stale');
  const ended = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(ended, 'close');
  writeFileSync(file, String(ended.pid));
  expect(tryLock(file)).toBe(true);
  unlock(file);
  // This process has the number now that another one had.
  writeFileSync(file, `${process.pid} 1`);
  expect(tryLock(file)).toBe(true);
  expect(isHeld(file)).toBe(true);
  unlock(file);
  // What was cut off before it was written.
  writeFileSync(file, '');
  expect(tryLock(file)).toBe(true);
  unlock(file);
  writeFileSync(file, String(process.ppid));
  const signal = AbortSignal.timeout(100);
  await expect(waitForLock(file, () => {}, signal)).rejects.toThrow(/timeout/);
  rmSync(file);
});

it('is never two processes’ at once, however many try', async () => {
  const file = join(scratch, 'many');
  const module = pathToFileURL(join(import.meta.dirname, '../../../lib/build/store/lock.ts')).href;
  // Each adds a line when it has the lock and another when it gives it back.
  const program = `import { appendFileSync } from 'node:fs';
  const { waitForLock, unlock } = await import(${JSON.stringify(module)});
  for (let i = 0; i < 5; i++) {
    await waitForLock(${JSON.stringify(file)}, () => {});
    appendFileSync(${JSON.stringify(`${file}.log`)}, 'in\\n');
    await new Promise((resolve) => setTimeout(resolve, 5));
    appendFileSync(${JSON.stringify(`${file}.log`)}, 'out\\n');
    unlock(${JSON.stringify(file)});
  }`;
  const args = ['--input-type=module', '--eval', program];
  const processes = [1, 2, 3].map(() =>
    spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
  await Promise.all(processes.map((child) => once(child, 'close')));
  expect(readFileSync(`${file}.log`, 'utf8')).toBe('in\nout\n'.repeat(15));
});
