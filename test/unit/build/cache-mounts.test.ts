import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { layerOfMount } from '../../../lib/build/cache/mount-layer.ts';
import { snapshotMount } from '../../../lib/build/cache/mount-snapshot.ts';
import { RemoteCache } from '../../../lib/build/cache/remote-cache.ts';
import { type CacheRequest, openCache, openCaches } from '../../../lib/build/run/mounts/caches.ts';
import { tryLock, unlock } from '../../../lib/build/store/lock.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { removeTree } from '../../../lib/sandbox/remove-tree.ts';
import { startRegistry } from '../../../local/registry/server.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

let folder: string;
let registry: Awaited<ReturnType<typeof startRegistry>>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-mounts-'));
  registry = await startRegistry({ stateDir: folder });
});
afterEach(async () => {
  await registry.close();
  removeTree(folder);
});

/** A machine with an empty disk, and what a RUN's cache mount `npm` is on it. */
async function machine() {
  const artifacts = new Registries().artifacts(`${registry.host}/app`);
  const place = { artifacts, tag: 'c' };
  const notices: string[] = [];
  const cache = new RemoteCache({ from: [place], to: place });
  const store = new Store(scratch.directory(), cache);
  cache.begin(store, { reads: true, tell: (message) => notices.push(message) });
  const { directory, release } = await openCache({
    mount: { type: 'cache', target: '/npm', readOnly: false, sharing: 'shared' },
    id: 'npm',
    store,
    as: 'user',
    onWait: () => {},
  });
  release();
  return { directory, notices, save: () => cache.save(Promise.resolve()) };
}

it('gives another machine what a cache mount had', async () => {
  const first = await machine();
  mkdirSync(join(first.directory, 'a'));
  writeFileSync(join(first.directory, 'a/b'), 'text');
  chmodSync(join(first.directory, 'a/b'), 0o751);
  symlinkSync('/etc/passwd', join(first.directory, 'link'));
  expect((await first.save())?.sentBytes).toBeGreaterThan(0);
  const second = await machine();
  expect(readFileSync(join(second.directory, 'a/b'), 'utf8')).toBe('text');
  expect(lstatSync(join(second.directory, 'a/b')).mode & 0o777).toBe(0o751);
  expect(readlinkSync(join(second.directory, 'link'))).toBe('/etc/passwd');
  expect((await second.save())?.sentBytes).toBe(0);
  expect([first.notices, second.notices]).toEqual([[], []]);
});

it('does not send a mount with every build that changes it', async () => {
  const first = await machine();
  writeFileSync(join(first.directory, 'a'), '1');
  await first.save();
  const second = await machine();
  writeFileSync(join(second.directory, 'b'), '2');
  expect((await second.save())?.sentBytes).toBe(0);
  expect(existsSync(join((await machine()).directory, 'b'))).toBe(false);
});

it('sends no mount that a RUN of another build has, and none that is changed while it is read', async () => {
  const first = await machine();
  writeFileSync(join(first.directory, 'half'), '1');
  const lock = `${first.directory}.lock`;
  expect(tryLock(lock)).toBe(true);
  await first.save();
  expect(existsSync(join((await machine()).directory, 'half'))).toBe(false);
  unlock(lock);
  await first.save();
  expect(existsSync(join((await machine()).directory, 'half'))).toBe(true);
  expect(existsSync(lock)).toBe(false);
});

it('makes no layer of a mount that is changed while it is read', async () => {
  const store = new Store(scratch.directory());
  const directory = scratch.directory();
  writeFileSync(join(directory, 'db'), randomBytes(1e6));
  const reading = layerOfMount(directory, store, 1e7, undefined);
  // Of the same length and time.
  const { atime, mtime } = statSync(join(directory, 'db'));
  writeFileSync(join(directory, 'db'), randomBytes(1e6));
  utimesSync(join(directory, 'db'), atime, mtime);
  expect(await reading).toBeUndefined();
  expect(await layerOfMount(directory, store, 1e7, undefined)).toBeDefined();
});

const cacheOf = (store: Store, id: string, target: string): CacheRequest => ({
  mount: { type: 'cache', target, readOnly: false, sharing: 'locked' },
  id,
  store,
  as: 'user',
  onWait: () => {},
});

it('takes a cache once, however many targets of a RUN it has', async () => {
  const store = new Store(scratch.directory());
  const requests = [cacheOf(store, 'x', '/a'), cacheOf(store, 'x', '/b'), cacheOf(store, 'y', '/c')];
  const signal = AbortSignal.timeout(2000);
  const { directories, release } = await openCaches(requests.map((one) => ({ ...one, signal })));
  expect(new Set(directories.values()).size).toBe(2);
  expect(directories.get((requests[0] as CacheRequest).mount)).toBe(
    directories.get((requests[1] as CacheRequest).mount),
  );
  release();
  const again = await openCaches(requests.slice(0, 1));
  again.release();
});

it('lets no two RUNs wait for each other, whatever order they name their caches in', async () => {
  const store = new Store(scratch.directory());
  const signal = AbortSignal.timeout(10_000);
  let both = 0;
  const run = async (...ids: string[]) => {
    for (let turn = 0; turn < 5; turn++) {
      const { release } = await openCaches(ids.map((id) => ({ ...cacheOf(store, id, `/${id}`), signal })));
      await sleep(3);
      release();
      await sleep(1);
    }
    both++;
  };
  await Promise.all([run('p', 'q'), run('q', 'p'), run('q', 'r', 'p')]);
  expect(both).toBe(3);
});

it('gives back what it took when it waits in vain', async () => {
  const store = new Store(scratch.directory());
  const ids = ['p', 'q'];
  const held = await openCaches(ids.slice(1).map((id) => cacheOf(store, id, `/${id}`)));
  const signal = AbortSignal.timeout(50);
  const waiting = openCaches(ids.map((id) => ({ ...cacheOf(store, id, `/${id}`), signal })));
  await expect(waiting).rejects.toThrow(/timeout/);
  held.release();
  (await openCaches(ids.map((id) => cacheOf(store, id, `/${id}`)))).release();
});

it('leaves out a mount that is too large, or has too many files', () => {
  const directory = scratch.directory();
  for (const name of ['a', 'b', 'c']) writeFileSync(join(directory, name), '0123456789');
  expect(snapshotMount(directory, 30)?.bytes).toBe(30);
  expect(snapshotMount(directory, 29)).toBeUndefined();
  expect(snapshotMount(directory, 30, 2)).toBeUndefined();
});
