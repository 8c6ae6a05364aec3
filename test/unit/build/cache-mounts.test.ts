import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { snapshotMount } from '../../../lib/build/cache/mount-snapshot.ts';
import { RemoteCache } from '../../../lib/build/cache/remote-cache.ts';
import { removeTree } from '../../../lib/build/disk/remove.ts';
import { openCache } from '../../../lib/build/run/mounts/caches.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { Registries } from '../../../lib/registry/registries.ts';
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

it('leaves out a mount that is too large, or has too many files', () => {
  const directory = scratch.directory();
  for (const name of ['a', 'b', 'c']) writeFileSync(join(directory, name), '0123456789');
  expect(snapshotMount(directory, 30)?.bytes).toBe(30);
  expect(snapshotMount(directory, 29)).toBeUndefined();
  expect(snapshotMount(directory, 30, 2)).toBeUndefined();
});
