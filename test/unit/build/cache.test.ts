import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { prune } from '../../../lib/build/store/prune.ts';
import { takeSlot } from '../../../lib/build/store/slots.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { Scratch } from './support.ts';

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
    prune(store, 250 * KIB);
    expect([old, middle, young].map((path) => existsSync(path))).toEqual([false, true, true]);
  });

  it('does not look again at once, and not while another build is running', () => {
    const store = new Store(scratch.directory());
    const slot = takeSlot(store.path('stages'), 'other');
    const old = kept(store, 'files/aa/1', 9e6);
    prune(store, 0);
    expect(existsSync(old)).toBe(true);
    slot.release();
    prune(store, 0);
    expect(existsSync(old)).toBe(false);
    const next = kept(store, 'files/aa/2', 9e6);
    prune(store, 0);
    expect(existsSync(next)).toBe(true);
  });

  it('does not wait for a build that was killed', () => {
    const store = new Store(scratch.directory());
    takeSlot(store.path('stages'), 'killed');
    writeFileSync(store.path('stages', 'killed-0.lock'), String(2 ** 22 + 1));
    const old = kept(store, 'files/aa/1', 9e6);
    prune(store, 0);
    expect(existsSync(old)).toBe(false);
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
