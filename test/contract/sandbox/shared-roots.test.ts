import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { shellWorkshop } from './shell-image.ts';

// With these, nothing has to be made for the mounts of a RUN, so that one that changes nothing leaves nothing at all.
const names = ['resolv.conf', 'hosts'].map((name) => {
  const path = `etc/${name}`;
  return { path, type: 'file' as const, mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0 };
});
const { scratch, can, run } = await shellWorkshop(names);
afterAll(() => scratch.close());

describe.skipIf(!can)('builds that share what RUNs left', () => {
  // Both leave an empty directory, of one name; while the first still looks at its own, it must not be exchanged.
  it('keep what a RUN that changes nothing left for those that look at it', async () => {
    const cacheDir = scratch.directory();
    const slow = run('RUN true\nRUN sleep 3; echo x > /mine', { cacheDir });
    await setTimeout(1500);
    await run('RUN true', { cacheDir, noCache: true });
    const { entries } = await slow;
    expect([...entries.keys()].sort()).toEqual(['mine']);
  });

  it('begin one cache together, and lose nothing that is put into it', async () => {
    const cacheDir = scratch.directory();
    const numbers = [1, 2, 3, 4, 5, 6];
    const mount = '--mount=type=cache,id=new,target=/c';
    await Promise.all(numbers.map((n) => run(`RUN ${mount} echo > /c/${n}`, { cacheDir })));
    const { said } = await run(`RUN ${mount} ls /c`, { cacheDir });
    expect(said).toEqual(numbers.map(String));
  });
});
