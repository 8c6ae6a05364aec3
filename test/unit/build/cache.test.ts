import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { holdCache } from '../../../lib/build/store/hold.ts';
import { prune } from '../../../lib/build/store/prune.ts';
import { takeSlot } from '../../../lib/build/store/slots.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { blobPath } from '../../../lib/image/blob-store.ts';
import type { Digest } from '../../../lib/image/types.ts';
import { buildFiles, filesOf, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const KIB = 1024;

function kept(store: Store, path: string, age: number): string {
  const file = store.path(path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, Buffer.alloc(100 * KIB));
  utimesSync(file, new Date(Date.now() - age), new Date(Date.now() - age));
  return file;
}

describe('prune', () => {
  it('removes what was not used for the longest time, and no more than it has to', () => {
    const store = new Store(scratch.directory());
    const [old, middle, young] = [
      kept(store, 'files/aa/1', 9e6),
      kept(store, 'blobs/2', 5e6),
      kept(store, 'go/build/3', 1e6),
    ];
    prune(store, { limit: 250 * KIB });
    expect([old, middle, young].map((path) => existsSync(path))).toEqual([false, true, true]);
  });

  it('does not look again at once, and not while another build is running', async () => {
    const store = new Store(scratch.directory());
    const other = await holdCache(store.directory, { limit: 0 });
    const old = kept(store, 'files/aa/1', 9e6);
    prune(store, { limit: 0 });
    expect(existsSync(old)).toBe(true);
    other.release();
    expect(existsSync(old)).toBe(false);
    const next = kept(store, 'files/aa/2', 9e6);
    prune(store, { limit: 0 });
    expect(existsSync(next)).toBe(true);
  });

  it('does not wait for a build that was killed', () => {
    const store = new Store(scratch.directory());
    mkdirSync(store.path('holds'));
    writeFileSync(store.path('holds', 'killed.lock'), String(2 ** 22 + 1));
    const old = kept(store, 'files/aa/1', 9e6);
    prune(store, { limit: 0 });
    expect([existsSync(old), readdirSync(store.path('holds'))]).toEqual([false, []]);
  });
});

describe('a build whose cache is full', () => {
  const files = { Dockerfile: 'FROM scratch\nCOPY a /', a: 'A'.repeat(50_000) };

  it('keeps what its image is made of, and what it takes again counts as used', async () => {
    const cacheDir = scratch.directory();
    const store = new Store(cacheDir);
    const first = await buildFiles(scratch, files, { cacheDir, cacheBytes: 1 });
    const [layer] = first.image.layers;
    const blob = blobPath(store.blobs, layer?.descriptor.digest as Digest);
    utimesSync(blob, 0, 0);
    rmSync(store.path('pruned'), { force: true });
    const again = await buildFiles(scratch, files, { cacheDir, cacheBytes: 1 });
    expect(again.image.digest).toBe(first.image.digest);
    expect(again.files).toHaveProperty('a');
  });

  it('takes nothing from builds that go on until they are published', async () => {
    const cacheDir = scratch.directory();
    const hold = await holdCache(cacheDir, { limit: 1 });
    const { image } = await buildFiles(scratch, files, { cacheDir, hold });
    await buildFiles(scratch, { ...files, a: 'other' }, { cacheDir, cacheBytes: 1 });
    expect(await filesOf(image)).toHaveProperty('a');
    hold.release();
    expect(existsSync(new Store(cacheDir).path('pruned'))).toBe(true);
  });

  it('waits while what another process removes goes, until its signal', async () => {
    const store = new Store(scratch.directory());
    const lock = store.path('pruning.lock');
    writeFileSync(lock, String(process.ppid));
    await expect(holdCache(store.directory, { signal: AbortSignal.timeout(60) })).rejects.toThrow(/timeout/);
    expect(readdirSync(store.path('holds'))).toEqual([]);
    const waiting = holdCache(store.directory);
    setTimeout(() => rmSync(lock), 60);
    (await waiting).release();
  });

  it('removes nothing when somebody comes while it measures', () => {
    const store = new Store(scratch.directory());
    const old = kept(store, 'files/aa/1', 9e6);
    mkdirSync(store.path('holds'));
    // What is asked for after all was measured.
    const options = {
      get limit() {
        writeFileSync(store.path('holds', 'new.lock'), String(process.ppid));
        return 0;
      },
    };
    prune(store, options);
    expect([existsSync(old), existsSync(store.path('pruned'))]).toEqual([true, false]);
  });
});

describe('takeSlot', () => {
  it('gives the same directory again, another one while it is taken, and that of a dead owner', () => {
    const parent = scratch.directory();
    const first = takeSlot(parent, 'app');
    const second = takeSlot(parent, 'app');
    expect([first.directory, second.directory]).toEqual([join(parent, 'app-0'), join(parent, 'app-1')]);
    first.release();
    expect(takeSlot(parent, 'app').directory).toBe(first.directory);
    const nobody = 2 ** 22 + 1;
    writeFileSync(join(parent, 'app-0.lock'), String(nobody));
    expect(takeSlot(parent, 'app').directory).toBe(first.directory);
  });
});

describe('Store', () => {
  it('reads only whole records, and forgets what is not there', async () => {
    const store = new Store(scratch.directory());
    expect(await store.read('steps', 'a')).toBeUndefined();
    store.write('steps', 'a', { b: 1 });
    expect(await store.read('steps', 'a')).toEqual({ b: 1 });
    writeFileSync(store.path('steps', 'a.json'), '{"b":');
    expect(await store.read('steps', 'a')).toBeUndefined();
    expect(await store.touch('0'.repeat(64))).toBe(false);
  });
});
