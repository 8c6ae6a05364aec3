import { expect, it } from 'vitest';
import { unreachable } from '../../../lib/kube/error.ts';
import type { Mirror } from '../../../lib/kube/watch.ts';
import type { LiveObject } from '../../../lib/kube/wire.ts';
import { type Subject, until } from '../../../lib/rollout/until.ts';

const TROUBLE = unreachable({ method: 'WATCH', path: '/api/v1/pods' }, new Error('gone'));

/** A subject whose one verdict is that patience has ended. */
function failing(mirror: { synced: boolean; trouble?: Error }): Subject<{ state: string }> {
  return {
    needs: [mirror as unknown as Mirror<LiveObject>],
    look: async () => ({ verdict: { state: 'failed' }, isOver: true, next: 0 }),
  };
}

it('has no verdict on what it cannot see any more, and says why', async () => {
  const mirror = { synced: true, trouble: TROUBLE };
  await expect(until({ fence: 1, budget: 50 }, () => failing(mirror))).rejects.toBe(TROUBLE);
});

it('says how it stands where that is no last word', async () => {
  const mirror = { synced: true, trouble: TROUBLE };
  const look = async () => ({ verdict: { state: 'progressing' }, isOver: false, next: 0 });
  const standing = until({ fence: 1, budget: 50 }, () => ({ ...failing(mirror), look }));
  expect(await standing).toEqual({ state: 'progressing' });
});

it('has one as soon as it sees again', async () => {
  const mirror: { synced: boolean; trouble?: Error } = { synced: true, trouble: TROUBLE };
  const verdict = await until({ fence: 1, budget: 5000 }, ({ changed }) => {
    setTimeout(() => {
      delete mirror.trouble;
      changed();
    }, 20);
    return failing(mirror);
  });
  expect(verdict).toEqual({ state: 'failed' });
});

it.each([0, 50])('looks once, even where %i ms are left before it has read anything', async (budget) => {
  const mirror: { synced: boolean; trouble?: Error } = { synced: false };
  let looks = 0;
  const standing = until({ fence: 1, budget }, ({ changed }) => {
    setTimeout(() => {
      mirror.synced = true;
      changed();
    }, 150);
    const look = async () => ({ verdict: { state: 'progressing', looks: ++looks }, isOver: false, next: 0 });
    return { ...failing(mirror), look };
  });
  expect(await standing).toEqual({ state: 'progressing', looks: 1 });
});
