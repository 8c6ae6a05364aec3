import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appNameOf } from '../../../lib/push/app-name.ts';
import { type Deploys, decide } from '../../../lib/push/decide.ts';
import { NO_PREVIEWS } from '../../../lib/push/previews.ts';
import type { RefUpdate } from '../../../lib/push/types.ts';

const NONE = '0'.repeat(40);
const update: RefUpdate = {
  host: 'github',
  owner: 'local',
  repository: 'Web_Shop',
  ref: 'refs/heads/main',
  before: NONE,
  after: 'a'.repeat(40),
  delivery: 'd-1',
};
const on = (branch: string): Deploys => ({ branch, previews: NO_PREVIEWS });
const previews = (change: Partial<Deploys['previews']> = {}): Deploys => ({
  branch: 'main',
  previews: { ...NO_PREVIEWS, of: 'branches', ...change },
});

describe('deciding about a ref that moved', () => {
  test('deploys the branch of the installation, under a name made from the repository', () => {
    const place = { name: 'production', namespace: 'web-shop' };
    expect(decide(update, on('main'))).toEqual({
      do: 'deploy',
      push: { ...update, app: 'web-shop', branch: 'main', environment: place },
    });
  });

  test('a branch whose name has slashes is compared whole', () => {
    const moved = { ...update, ref: 'refs/heads/release/main' };
    expect(decide(moved, on('main')).do).toBe('ignore');
    expect(decide(moved, on('release/main'))).toMatchObject({
      do: 'deploy',
      push: { branch: 'release/main', environment: { name: 'production' } },
    });
  });

  test.each([
    ['a tag', { ref: 'refs/tags/main' }, 'tags are not deployed'],
    ['another branch', { ref: 'refs/heads/feature' }, 'only the branch main is deployed'],
    ['another branch’s deletion', { ref: 'refs/heads/x', after: NONE }, 'only the branch main is deployed'],
    ['a note', { ref: 'refs/notes/commits' }, 'the branch main is'],
    ['a deleted branch', { after: NONE }, 'the branch was deleted; what runs is left'],
    ['a name that makes no app', { repository: '3rd' }, "makes '3rd', which is not a DNS label"],
    ['a name that the cluster keeps', { repository: 'kube-system' }, 'keeps for itself'],
  ])('ignores %s, and says why', (_what, change, why) => {
    const decision = decide({ ...update, ...change }, on('main'));
    expect(decision.do).toBe('ignore');
    expect(decision).toMatchObject({ why: expect.stringContaining(why) });
  });

  test('a name is always a DNS label that Kubernetes takes, or refused', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (repository) => {
        const app = appNameOf(repository);
        if ('refused' in app) return app.refused.length > 0;
        const { name } = app;
        const label = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
        return label && !name.startsWith('kube-') && !name.includes('--');
      }),
    );
  });
});

describe('deciding about a branch beside production', () => {
  const feature = { ...update, ref: 'refs/heads/feature/x' };

  test('it is deployed to an environment of its own', () => {
    expect(decide({ ...feature, ref: 'refs/heads/blue' }, previews())).toMatchObject({
      do: 'deploy',
      push: { branch: 'blue', environment: { name: 'preview-blue', namespace: 'web-shop--blue' } },
    });
  });

  test('production is deployed as ever', () => {
    expect(decide(update, previews())).toMatchObject({ push: { environment: { name: 'production' } } });
  });

  test('only where its name is one of those that get a preview', () => {
    const some = previews({ branches: ['feature/*', 'hot*'] });
    expect(decide(feature, some).do).toBe('deploy');
    for (const ref of ['refs/heads/feature/x/y', 'refs/heads/other', 'refs/heads/a/hot'])
      expect(decide({ ...feature, ref }, some)).toMatchObject({
        do: 'ignore',
        why: expect.stringMatching(/feature\/\*, hot\*/),
      });
  });

  test('its deletion takes the environment away, unless the branch is there again', () => {
    const decision = decide({ ...feature, ref: 'refs/heads/blue', after: NONE }, previews());
    expect(decision).toEqual({
      do: 'remove',
      remove: {
        do: 'remove',
        app: 'web-shop',
        environment: { name: 'preview-blue', namespace: 'web-shop--blue' },
        reason: 'the branch blue was deleted',
        delivery: 'd-1',
        unless: { host: 'github', owner: 'local', repository: 'Web_Shop', branch: 'blue' },
      },
    });
  });

  test('with previews of pull requests, a push alone is nothing; a deletion is heard all the same', () => {
    const pulls = previews({ of: 'pull-requests' });
    expect(decide(feature, pulls)).toMatchObject({
      do: 'ignore',
      why: expect.stringMatching(/pull request/),
    });
    expect(decide({ ...feature, after: NONE }, pulls).do).toBe('remove');
  });

  test('an app whose name leaves no room for the branch’s is told so', () => {
    const decision = decide({ ...feature, repository: 'a'.repeat(60) }, previews());
    expect(decision).toMatchObject({ do: 'ignore', why: expect.stringMatching(/60 characters/) });
  });
});
