import { expect, it } from 'vitest';
import { closeAll } from '../../../local/close-all.ts';

it('ends every part, in order, also after one that cannot be ended', async () => {
  const ended: string[] = [];
  const part = (name: string, error?: string) => async () => {
    ended.push(name);
    if (error !== undefined) throw new Error(error);
  };
  const parts = [part('functions'), part('cluster', 'no runtime'), part('git', 'no room'), part('registry')];
  await expect(closeAll(parts)).rejects.toThrow('no runtime');
  expect(ended).toEqual(['functions', 'cluster', 'git', 'registry']);
});

it('is content when all of them are', async () => {
  await expect(closeAll([async () => {}])).resolves.toBeUndefined();
});
