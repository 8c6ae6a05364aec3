import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appNameOf } from '../../../lib/push/app-name.ts';
import { decide } from '../../../lib/push/decide.ts';
import { ANY_APP, type Deploys, type ListedApp } from '../../../lib/push/installation.ts';
import { NO_PREVIEWS, type Previews } from '../../../lib/push/previews.ts';
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
const on = (branch: string): Deploys => ({
  ...ANY_APP,
  others: { environments: { production: branch }, previews: NO_PREVIEWS },
});
const previews = (change: Partial<Previews> = {}): Deploys => ({
  ...ANY_APP,
  others: { ...ANY_APP.others, previews: { ...NO_PREVIEWS, of: 'branches', ...change } },
});
const listed = (change: Partial<ListedApp> = {}): Deploys => ({
  apps: [
    {
      app: 'shop',
      repository: { host: 'github', owner: 'local', repository: 'web_shop' },
      environments: { production: 'main', staging: 'develop' },
      previews: NO_PREVIEWS,
      ...change,
    },
  ],
  others: 'ignored',
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

describe('deciding about an app that is listed', () => {
  const develop = { ...update, ref: 'refs/heads/develop' };

  test('each of its branches goes to its environment, under the name that the app was given', () => {
    expect(decide(update, listed())).toEqual({
      do: 'deploy',
      push: {
        ...update,
        app: 'shop',
        branch: 'main',
        environment: { name: 'production', namespace: 'shop' },
      },
    });
    expect(decide(develop, listed())).toMatchObject({
      push: {
        app: 'shop',
        branch: 'develop',
        environment: { name: 'staging', namespace: 'shop--env--staging' },
      },
    });
  });

  test('the branch of an environment gets no preview, and its deletion removes nothing', () => {
    const with_ = listed({ previews: { ...NO_PREVIEWS, of: 'branches' } });
    expect(decide(develop, with_)).toMatchObject({ push: { environment: { name: 'staging' } } });
    expect(decide({ ...develop, after: NONE }, with_)).toMatchObject({
      do: 'ignore',
      why: expect.stringMatching(/left as it is/),
    });
    expect(decide({ ...update, ref: 'refs/heads/blue' }, with_)).toMatchObject({
      push: { environment: { name: 'preview-blue', namespace: 'shop--blue' } },
    });
  });

  test('a branch that is called as an environment of another one gets no preview: they would share a host name', () => {
    const previewed = listed({ previews: { ...NO_PREVIEWS, of: 'branches' } });
    for (const after of [update.after, NONE])
      expect(decide({ ...update, ref: 'refs/heads/staging', after }, previewed)).toMatchObject({
        do: 'ignore',
        why: 'no preview: an environment is called staging',
      });
  });

  test('what is not listed is ignored, and told so', () => {
    for (const change of [{ owner: 'other' }, { repository: 'shop' }, { host: 'gitlab' as const }])
      expect(decide({ ...update, ...change }, listed())).toMatchObject({
        do: 'ignore',
        why: 'the repository is none of those that are deployed',
      });
  });

  test('another branch is told which ones are deployed', () => {
    expect(decide({ ...update, ref: 'refs/heads/x' }, listed())).toMatchObject({
      why: 'only the branches main and develop are deployed',
    });
  });
});
