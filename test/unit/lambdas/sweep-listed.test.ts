import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Swept } from '../../../lambdas/sweep/round.ts';
import type { ListedApp } from '../../../lib/push/installation.ts';
import { placeOf, previewOfBranch } from '../../../lib/push/place.ts';
import { NO_PREVIEWS } from '../../../lib/push/previews.ts';
import type { Place, Push } from '../../../lib/push/types.ts';
import { SweepStage } from './sweep-stage.ts';

const [A, B, C, D] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40), 'd'.repeat(40)];
const stage = new SweepStage();
let sweep: () => Promise<Swept>;

/** The app `shop` of the repository `Storefront`, with two environments, and previews; `silent` has had no push yet. */
const listed = (app: string, repository: string): ListedApp => ({
  app,
  repository: { host: 'github', owner: 'acme', repository },
  environments: { production: 'main', staging: 'develop' },
  previews: { ...NO_PREVIEWS, of: 'branches' },
});

beforeAll(async () => {
  await stage.set({ apps: [listed('shop', 'storefront'), listed('silent', 'quiet')], others: 'ignored' });
  const { handler } = await import('../../../lambdas/sweep.ts');
  sweep = async () => (await handler({}, { getRemainingTimeInMillis: () => 100_000 })) as Swept;
});
afterAll(() => stage.strike());
afterEach(async () => {
  stage.clear();
  for (const { app, name } of await stage.ledger.environments())
    await stage.ledger.forget({ app, name }, 1000);
});

function push(branch: string, after: string, environment: Place, app = 'shop'): Push {
  const origin = { host: 'github', owner: 'acme', repository: 'Storefront' } as const;
  const update = { ref: `refs/heads/${branch}`, before: '0'.repeat(40), after };
  return { ...origin, ...update, delivery: `d-${branch}-${after.slice(0, 4)}`, app, branch, environment };
}

const preview = (branch: string): Place => {
  const placed = previewOfBranch('shop', branch);
  if ('refused' in placed) throw new Error(placed.refused);
  return placed.place;
};

describe('sweeping an app that is listed', { timeout: 60_000 }, () => {
  test('brings each environment to the head of its branch', async () => {
    await stage.deployed(push('main', A, placeOf('shop', 'production')), 'live');
    await stage.deployed(push('develop', A, placeOf('shop', 'staging')), 'live');
    stage.repository('Storefront').branches.set('main', A).set('develop', B);
    expect(await sweep()).toMatchObject({ deployed: ['shop/staging'], removed: [] });
    expect(stage.started).toMatchObject([
      { do: 'deploy', branch: 'develop', after: B, environment: { namespace: 'shop--env--staging' } },
    ]);
  });

  test('follows an environment to the branch that the configuration gives it now', async () => {
    await stage.deployed(push('next', C, placeOf('shop', 'staging')), 'live');
    stage.repository('Storefront').branches.set('next', C).set('develop', B);
    await sweep();
    expect(stage.started).toMatchObject([{ branch: 'develop', ref: 'refs/heads/develop', after: B }]);
  });

  test('leaves an environment alone that the configuration does not name any more', async () => {
    await stage.deployed(push('qa', A, placeOf('shop', 'qa')), 'live');
    stage.repository('Storefront').branches.set('qa', B);
    expect(await sweep()).toMatchObject({ deployed: [], removed: [] });
  });

  test('removes the preview of a branch that has become an environment', async () => {
    await stage.deployed(push('develop', D, preview('develop')), 'live');
    await stage.deployed(push('develop', D, placeOf('shop', 'staging')), 'live');
    stage.repository('Storefront').branches.set('develop', D);
    expect(await sweep()).toMatchObject({ removed: ['shop/preview-develop'] });
    expect(stage.started).toMatchObject([{ do: 'remove', reason: 'the branch develop is staging' }]);
    // The branch is there, and goes on being there.
    expect(stage.started[0]).not.toHaveProperty('unless');
  });

  test('removes previews of an app that is called otherwise now, and leaves its production', async () => {
    await stage.deployed(push('main', A, placeOf('old', 'production'), 'old'), 'live');
    await stage.deployed(push('blue', A, { name: 'preview-blue', namespace: 'old--blue' }, 'old'), 'live');
    stage.repository('Storefront').branches.set('main', B).set('blue', B);
    expect(await sweep()).toMatchObject({ deployed: [], removed: ['old/preview-blue'] });
  });

  test('finds the first push of an app though nobody told of it', async () => {
    const quiet = stage.repository('quiet');
    quiet.branches.set('main', A).set('develop', B);
    quiet.pushed.push({ branch: 'develop', commit: B });
    expect(await sweep()).toMatchObject({ deployed: ['silent/staging'] });
  });
});
