import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { cacheFolder } from '../../../bin/cache-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-caches-'));
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'own'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const state = () => join(folder, 'state');

it('is in the checkout', async () => {
  expect(await cacheFolder(join(folder, 'checkout'), state())).toBe(
    join(folder, 'checkout', '.fairlead', 'cache'),
  );
});

it.each(['with a blank', 'a:b', 'a,b', 'a;b', "it's"])(
  'is the person’s own for a checkout at “%s”',
  async (name) => {
    expect(await cacheFolder(join(folder, name), state())).toBe(join(folder, 'own', 'fairlead'));
  },
);

it('goes with the cloud where the others cannot be written to', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  vi.stubEnv('XDG_CACHE_HOME', join(file, 'own'));
  expect(await cacheFolder(join(file, 'checkout'), state())).toBe(join(state(), 'cache'));
});

it.skipIf(process.getuid?.() === 0)('is not in a checkout of somebody else', async () => {
  const cache = join(folder, 'checkout', '.fairlead', 'cache');
  await mkdir(cache, { recursive: true });
  await chmod(cache, 0o555);
  expect(await cacheFolder(join(folder, 'checkout'), state())).toBe(join(folder, 'own', 'fairlead'));
});
