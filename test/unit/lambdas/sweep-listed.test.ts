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

const plain = (app: string): ListedApp => ({
  ...listed(app, app),
  ...{ environments: { production: 'main' }, previews: NO_PREVIEWS },
});
const MANY = Array.from({ length: 30 }, (_, index) => plain(`many-${index}`));

beforeAll(async () => {
  const apps = [listed('shop', 'storefront'), listed('silent', 'quiet'), plain('lone'), ...MANY];
  await stage.set({ apps, others: 'ignored' });
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

  test('removes previews of an app that is called otherwise now, leaves its production, and makes that of the new name', async () => {
    await stage.deployed(push('main', A, placeOf('old', 'production'), 'old'), 'live');
    await stage.deployed(push('blue', A, { name: 'preview-blue', namespace: 'old--blue' }, 'old'), 'live');
    stage.repository('Storefront').branches.set('main', B).set('blue', B);
    expect(await sweep()).toMatchObject({ deployed: ['shop/production'], removed: ['old/preview-blue'] });
  });

  test('finds the first push of an app though nobody told of it, however long ago it was', async () => {
    const quiet = stage.repository('quiet');
    for (const branch of ['main', 'develop', 'old', 'new']) quiet.branches.set(branch, A);
    quiet.pushed.push({ branch: 'new', commit: A });
    const { deployed } = await sweep();
    expect(deployed.sort()).toEqual(['silent/preview-new', 'silent/production', 'silent/staging']);
  });

  test('makes an environment that the configuration has got since, once, and asks no host when it was pushed', async () => {
    await stage.deployed(push('main', B, placeOf('shop', 'production')), 'live');
    stage.repository('Storefront').branches.set('main', B).set('develop', C);
    expect(await sweep()).toMatchObject({ deployed: ['shop/staging'] });
    // Its branches, and its pull requests.
    expect(stage.repository('Storefront').requests).toBe(2);
    expect(await sweep()).toMatchObject({ deployed: [], left: 0 });
  });

  test('makes none of a branch that is not there', async () => {
    stage.repository('quiet').branches.set('other', A);
    expect(await sweep()).toMatchObject({ deployed: [], removed: [], left: 0 });
  });
});

describe('an environment that the ledger has not on its list', { timeout: 60_000 }, () => {
  const place = placeOf('lone', 'production');
  const at = { app: 'lone', name: 'production' };
  const lone = (after: string): Push => ({ ...push('main', after, place, 'lone'), repository: 'lone' });

  test('stays away at the commit that it was removed at, and comes with another one', async () => {
    await stage.deployed(lone(A), 'live');
    const by = { execution: 'r', delivery: 'r' };
    const removal = await stage.ledger.remove(at, by, async () => false);
    if (removal.is !== 'claimed') throw new Error(removal.is);
    await stage.ledger.settle(at, { fence: removal.fence, runs: 'nothing' });
    await stage.ledger.forget(at, removal.fence);
    stage.repository('lone').branches.set('main', A);
    expect(await sweep()).toMatchObject({ deployed: [] });
    stage.repository('lone').branches.set('main', B);
    expect(await sweep()).toMatchObject({ deployed: ['lone/production'] });
  });

  test('is not made with a commit that is on record as bad', async () => {
    const bad = { commit: C, reason: 'it crashes', at: new Date().toISOString() };
    await stage.ledger.markBad(at, bad);
    stage.repository('lone').branches.set('main', C);
    expect(await sweep()).toMatchObject({ deployed: [] });
  });
});

describe('many apps that were never deployed', { timeout: 60_000 }, () => {
  test('come a few in a round, until all are there', async () => {
    for (const { repository } of MANY) stage.repository(repository.repository).branches.set('main', A);
    const rounds = [await sweep(), await sweep(), await sweep()];
    expect(rounds.map(({ deployed, left }) => [deployed.length, left])).toEqual([
      [25, 5],
      [5, 0],
      [0, 0],
    ]);
  });
});
