import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import type { Push } from '../../../lib/push/types.ts';
import type { Release } from '../../../lib/release/types.ts';
import { by, commit, LedgerScene } from './scene.ts';

const scene = new LedgerScene();
const { release, begin, deploy } = scene;

const ADA = { reason: 'it is slow', by: 'ada' };

const push = (letter: string): Push => ({
  host: 'github',
  owner: 'acme',
  repository: scene.environment.app,
  ref: 'refs/heads/main',
  branch: 'main',
  before: commit('0'),
  after: commit(letter),
  delivery: letter,
  app: scene.environment.app,
  environment: { name: scene.environment.name, namespace: scene.environment.app },
});

/** As if a rollback had been cut off between its claim and the mark on the commit that it takes back. */
async function cutOffBeforeMarking(letter: string) {
  const pk = { S: `environment#${scene.environment.app}/production` };
  const key = { pk, sk: { S: `bad#${commit(letter)}` } };
  await scene.db.client.send(new DeleteItemCommand({ TableName: scene.db.table, Key: key }));
}

describe('a rollback', () => {
  test('says in its claim what is to be brought back, and that the commit is bad', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    const answer = await scene.ledger.rollBack(scene.environment, by('ada'), ADA);
    const bad = {
      commit: commit('b'),
      reason: 'rolled back by ada: it is slow',
      at: new Date(scene.now).toISOString(),
    };
    expect(answer).toMatchObject({
      is: 'claimed',
      fence: 3,
      good: { release: 1, commit: commit('a'), url: 'http://web/' },
      from: { number: 2 },
      bad,
    });
    expect(await scene.ledger.rollBack(scene.environment, by('ada'), ADA)).toEqual(answer);
    expect(await scene.ledger.badCommits(scene.environment)).toEqual([bad]);
    const [rolledBack] = await scene.ledger.history(scene.environment, 1);
    expect(rolledBack).toMatchObject({ number: 2, rolledBack: { reason: 'it is slow', by: 'ada' } });
    expect(await scene.ledger.standing(scene.environment)).toMatchObject({
      touched: true,
      live: { commit: commit('a') },
    });
  });

  test('keeps the bad commit out although its mark could not be written yet', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    await scene.ledger.rollBack(scene.environment, by('ada'), ADA);
    await cutOffBeforeMarking('b');
    expect(await scene.ledger.claim(scene.environment, by('three'), async () => commit('b'))).toMatchObject({
      is: 'busy',
    });
    scene.now += 21 * 60_000;
    expect(await scene.ledger.claim(scene.environment, by('three'), async () => commit('b'))).toMatchObject({
      is: 'refused',
      bad: { reason: 'rolled back by ada: it is slow' },
      fence: 4,
    });
    await scene.ledger.forgive(scene.environment, commit('b'));
    expect(await scene.ledger.claim(scene.environment, by('three'), async () => commit('b'))).toMatchObject({
      is: 'claimed',
    });
  });

  test('leaves no bad commit behind that an earlier one, cut off, could not mark yet', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    await scene.ledger.rollBack(scene.environment, by('ada'), ADA);
    await cutOffBeforeMarking('b');
    await deploy('three', 'c');
    await scene.ledger.rollBack(scene.environment, by('bob'), ADA);
    const marked = await scene.ledger.badCommits(scene.environment);
    expect(marked.map((bad) => bad.commit).sort()).toEqual([commit('b'), commit('c')]);
  });

  test('takes back what is being brought out, and keeps what is live', async () => {
    await deploy('one', 'a');
    const { fence } = await begin('two', 'b');
    const answer = await scene.ledger.rollBack(scene.environment, by('ada'), ADA);
    expect(answer).toMatchObject({
      is: 'claimed',
      good: { release: 1 },
      from: { number: 2, commit: commit('b') },
    });
    // Two who ask at once take nothing more back.
    expect(await scene.ledger.rollBack(scene.environment, by('bob'), { ...ADA, by: 'bob' })).toMatchObject({
      is: 'claimed',
      good: { release: 1 },
    });
    expect((await scene.ledger.badCommits(scene.environment)).map((bad) => bad.commit)).toEqual([
      commit('b'),
    ]);
    const runs = { release: 2, commit: commit('b') };
    expect(await scene.ledger.settle(scene.environment, { fence, runs })).toEqual({ is: 'late' });
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ release: 1 });
  });

  test('comes before the push that it superseded, and after a newer one', async () => {
    await deploy('one', 'a');
    await begin('two', 'b');
    const answer = await scene.ledger.rollBack(scene.environment, by('ada'), ADA);
    if (answer.is !== 'claimed') throw new Error(answer.is);
    const again = (more: object) =>
      scene.ledger.claim(scene.environment, { ...by('three'), ...more }, async () => commit('c'));
    expect(await again({ after: answer.fence })).toMatchObject({ is: 'busy', claim: { for: 'roll-back' } });
    expect(await again({})).toMatchObject({ is: 'claimed', fence: answer.fence + 1 });
  });

  test('while something is live does nothing when that is not so any more', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    const late = await scene.ledger.rollBack(scene.environment, by('alarm'), { ...ADA, whileLive: 1 });
    expect(late).toMatchObject({ is: 'not-live', live: { release: 2 } });
    await begin('three', 'c');
    const early = await scene.ledger.rollBack(scene.environment, by('alarm'), { ...ADA, whileLive: 2 });
    expect(early).toMatchObject({ is: 'not-live' });
    expect(await scene.ledger.badCommits(scene.environment)).toEqual([]);
  });

  test('finds what was good however long ago, and reads nothing of releases when it comes too late', async () => {
    await deploy('good', 'a');
    for (let round = 0; round < 12; round++) {
      const { fence, number } = await begin(`bad-${round}`, 'b');
      const verdict = { is: 'unknown', reason: 'nobody knows' } as const;
      await scene.ledger.settle(scene.environment, { fence }, [{ number, verdict }]);
    }
    const last = await begin('last', 'c');
    const runs = { release: last.number, commit: commit('c') };
    await scene.ledger.settle(scene.environment, { fence: last.fence, runs }, [
      { number: last.number, verdict: { is: 'live' } },
    ]);
    const asked: unknown[] = [];
    scene.db.client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          asked.push(commandName);
          return next(args);
        },
      { step: 'initialize', name: 'asked' },
    );
    expect(
      await scene.ledger.rollBack(scene.environment, by('late'), { ...ADA, whileLive: 1 }),
    ).toMatchObject({
      is: 'not-live',
    });
    scene.db.client.middlewareStack.remove('asked');
    expect(asked).toEqual(['GetItemCommand']);
    expect(await scene.ledger.rollBack(scene.environment, by('ada'), ADA)).toMatchObject({
      good: { release: 1 },
    });
  });

  test('gives what is brought back the release whose pods serve, until it is brought back', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    const rolling = await scene.ledger.rollBack(scene.environment, by('ada'), ADA);
    if (rolling.is !== 'claimed') throw new Error(rolling.is);
    let instead: Release | undefined;
    const made = await scene.ledger.undo(scene.environment, rolling.fence, (good, number, from) => {
      instead = from;
      return { ...good, number };
    });
    expect(instead?.number).toBe(2);
    expect(made).toMatchObject({ is: 'made', release: { number: 3, commit: commit('a') } });
    const runs = { release: 3, commit: commit('a') };
    await scene.ledger.settle(scene.environment, { fence: rolling.fence, runs }, [
      { number: 3, verdict: { is: 'live' } },
    ]);
    expect(await scene.ledger.standing(scene.environment)).toMatchObject({ touched: false, live: runs });
    let serving: Release | undefined;
    const claimed = await scene.ledger.claim(scene.environment, by('four'), async () => commit('c'));
    if (claimed.is !== 'claimed') throw new Error(claimed.is);
    await scene.ledger.release(scene.environment, claimed.fence, (number, before) => {
      serving = before;
      return release(number, 'c');
    });
    expect(serving?.number).toBe(3);
  });
});

describe('a removal', () => {
  test('leaves nothing live, and lets the items go in time', async () => {
    const fence = await deploy('one', 'a');
    await scene.ledger.list(push('a'), fence);
    await scene.ledger.markBad(scene.environment, { commit: commit('x'), reason: 'no', at: '' });
    const answer = await scene.ledger.remove(scene.environment, by('sweep'), async () => false);
    expect(answer).toEqual({ is: 'claimed', fence: 2, commit: commit('a') });
    expect(await scene.ledger.remove(scene.environment, by('sweep'), async () => false)).toEqual(answer);
    const undone = await scene.ledger.undo(scene.environment, 2, () => {
      throw new Error('there is nothing to bring back');
    });
    expect(undone).toMatchObject({ is: 'none-good', begun: { number: 1 } });
    await scene.ledger.settle(scene.environment, { fence: 2, runs: 'nothing' });
    await scene.ledger.forget(scene.environment, 2);
    expect(await scene.ledger.listed(scene.environment)).toBeUndefined();
    expect(await scene.ledger.standing(scene.environment)).toEqual({
      claim: expect.objectContaining({ fence: 2, for: 'remove', ended: true }),
      touched: false,
    });
    const { Items = [] } = await scene.db.client.send(new ScanCommand({ TableName: scene.db.table }));
    const mine = Items.filter(({ pk }) => pk?.S === `environment#${scene.environment.app}/production`);
    expect(
      mine.map(({ sk, expires }) => [sk?.S?.split('#')[0], Number(expires?.N) > scene.now / 1000]),
    ).toEqual([
      ['bad', true],
      ['release', true],
      ['state', true],
    ]);
    // A push makes it anew, and its state stays.
    await deploy('two', 'b');
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ release: 2 });
    expect(await scene.ledger.newestClaim(scene.environment)).toMatchObject({ fence: 3 });
  });

  test('is not made where it is wanted again, or newer claims came', async () => {
    await deploy('one', 'a');
    expect(await scene.ledger.remove(scene.environment, by('sweep'), async () => true)).toEqual({
      is: 'wanted',
    });
    await deploy('two', 'b');
    const late = { ...by('sweep'), whileFence: 1 };
    expect(await scene.ledger.remove(scene.environment, late, async () => false)).toMatchObject({
      is: 'newer',
      by: { fence: 2 },
    });
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ release: 2 });
  });

  test('that is under way cannot be rolled back', async () => {
    await deploy('one', 'a');
    await scene.ledger.remove(scene.environment, by('sweep'), async () => false);
    expect(await scene.ledger.rollBack(scene.environment, by('ada'), ADA)).toEqual({
      is: 'none-good',
      why: 'nothing runs there',
    });
  });
});

describe('the list of environments', () => {
  test('has the newest push of each, whatever order they are entered in', async () => {
    await scene.ledger.list(push('b'), 2);
    await scene.ledger.list(push('a'), 1);
    expect(await scene.ledger.listed(scene.environment)).toEqual({
      ...scene.environment,
      push: push('b'),
      pushedAt: new Date(scene.now).toISOString(),
    });
    const preview = { ...push('c'), environment: { name: 'preview-x', namespace: 'x' } };
    await scene.ledger.list(preview, 1);
    const all = await scene.ledger.environments();
    const mine = all.filter(({ app }) => app === scene.environment.app);
    expect(mine.map(({ name }) => name)).toEqual(['preview-x', 'production']);
  });

  test('is not left by a removal that came before a newer push', async () => {
    await scene.ledger.list(push('b'), 3);
    await scene.ledger.forget(scene.environment, 2);
    expect(await scene.ledger.listed(scene.environment)).toBeDefined();
  });
});

describe('what became of a release', () => {
  test('is in its history, as far as there is room', async () => {
    const { number } = await begin('one', 'a');
    const changes = Array.from({ length: 400 }, (_, n) => ({
      object: `ConfigMap number-${n}`,
      is: 'changed' as const,
      fields: Array.from({ length: 50 }, (_, field) => `.data.${field}: ${'x'.repeat(500)}`),
    }));
    const phases = [{ name: 'all', readyAt: 'now', bake: { is: 'good' as const, notes: ['an alarm rang'] } }];
    await scene.ledger.note(scene.environment, number, { changes, phases });
    await scene.ledger.note(scene.environment, number, { phases });
    const [past] = await scene.ledger.history(scene.environment, 1);
    expect(past?.phases).toEqual(phases);
    expect(JSON.stringify(past?.changes).length).toBeLessThan(20_000);
    expect(past?.changes?.[0]?.fields.at(-1)).toBe('… and 30 more fields');
    expect(past?.changes?.at(-1)?.object).toMatch(/^… and \d+ more objects$/);
  });

  test('is read past the megabyte that DynamoDB answers at once', async () => {
    const data = { x: 'x'.repeat(280_000) };
    for (const letter of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const claimed = await scene.ledger.claim(scene.environment, by(letter), async () => commit(letter));
      if (claimed.is !== 'claimed') throw new Error(claimed.is);
      const large = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data };
      await scene.ledger.release(scene.environment, claimed.fence, (number) => ({
        ...release(number, letter),
        resources: [large],
      }));
      await scene.ledger.settle(scene.environment, { fence: claimed.fence });
    }
    expect((await scene.ledger.history(scene.environment, 9)).map(({ number }) => number)).toEqual([
      6, 5, 4, 3, 2, 1,
    ]);
  });

  test('is live before what ran until then is taken away', async () => {
    await deploy('one', 'a');
    const { fence, number } = await begin('two', 'b');
    const runs = { release: number, commit: commit('b') };
    expect(await scene.ledger.keep(scene.environment, fence, runs)).toEqual({ is: 'kept' });
    expect(await scene.ledger.keep(scene.environment, fence, runs)).toEqual({ is: 'kept' });
    expect(await scene.ledger.standing(scene.environment)).toMatchObject({
      touched: false,
      live: runs,
      claim: { ended: false },
    });
    const claimed = await scene.ledger.claim(scene.environment, by('three'), async () => commit('c'));
    expect(claimed).toMatchObject({ is: 'claimed' });
    const make = (next: number) => release(next, 'c');
    expect(await scene.ledger.release(scene.environment, 3, make)).toMatchObject({ is: 'held' });
    await scene.ledger.settle(scene.environment, { fence, runs });
    expect(await scene.ledger.release(scene.environment, 3, make)).toMatchObject({ is: 'made' });
  });
});
