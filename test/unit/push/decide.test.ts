import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appNameOf } from '../../../lib/push/app-name.ts';
import { decide } from '../../../lib/push/decide.ts';
import type { RefUpdate } from '../../../lib/push/types.ts';

const update: RefUpdate = {
  host: 'github',
  owner: 'local',
  repository: 'Web_Shop',
  ref: 'refs/heads/main',
  before: '0'.repeat(40),
  after: 'a'.repeat(40),
  delivery: 'd-1',
};

describe('deciding about a ref that moved', () => {
  test('deploys the branch of the installation, under a name made from the repository', () => {
    expect(decide(update, 'main')).toEqual({
      do: 'deploy',
      push: { ...update, app: 'web-shop', branch: 'main' },
    });
  });

  test('a branch whose name has slashes is compared whole', () => {
    const moved = { ...update, ref: 'refs/heads/release/main' };
    expect(decide(moved, 'main').do).toBe('ignore');
    expect(decide(moved, 'release/main')).toMatchObject({ do: 'deploy', push: { branch: 'release/main' } });
  });

  test.each([
    ['a tag', { ref: 'refs/tags/main' }, 'tags are not deployed'],
    ['another branch', { ref: 'refs/heads/feature' }, 'only the branch main is deployed'],
    ['a note', { ref: 'refs/notes/commits' }, 'only the branch main is deployed'],
    ['a deleted branch', { after: '0'.repeat(40) }, 'the branch was deleted'],
    ['a name that makes no app', { repository: '3rd' }, "makes '3rd', which is not a DNS label"],
    ['a name that the cluster keeps', { repository: 'kube-system' }, 'keeps for itself'],
  ])('ignores %s, and says why', (_what, change, why) => {
    const decision = decide({ ...update, ...change }, 'main');
    expect(decision.do).toBe('ignore');
    expect(decision).toMatchObject({ why: expect.stringContaining(why) });
  });

  test('a name is always a DNS label that Kubernetes takes, or refused', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (repository) => {
        const app = appNameOf(repository);
        if ('refused' in app) return app.refused.length > 0;
        return /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(app.name) && !app.name.startsWith('kube-');
      }),
    );
  });
});
