import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Ledger } from '../../../lib/ledger/ledger.ts';
import type { Environment } from '../../../lib/ledger/types.ts';
import type { Push } from '../../../lib/push/types.ts';
import type { Release } from '../../../lib/release/types.ts';
import { startDynamoDB } from './dynamodb.ts';

let db: Awaited<ReturnType<typeof startDynamoDB>>;
beforeAll(async () => {
  db = await startDynamoDB();
});
afterAll(() => db.close());

let environment: Environment;
let now: number;
let ledger: Ledger;
let apps = 0;
beforeEach(() => {
  environment = { app: `app-${apps++}`, name: 'production' };
  now = Date.parse('2026-01-01T00:00:00Z');
  ledger = new Ledger(db.client, db.table, () => now);
});

const commit = (letter: string) => letter.repeat(40);
const by = (execution: string) => ({ execution, delivery: `delivery of ${execution}` });
const ADA = { reason: 'it is slow', by: 'ada' };

const release = (number: number, letter: string): Release => ({
  number,
  app: environment.app,
  environment: environment.name,
  namespace: environment.app,
  commit: commit(letter),
  image: `registry/web@sha256:${letter}`,
  jobs: [],
  resources: [],
  strategy: { kind: 'rolling' },
  bake: { seconds: 0, alarms: [], checks: [], restarts: 0, unknown: 'keep', watchFor: 0 },
  createdAt: new Date(now).toISOString(),
});

const push = (letter: string): Push => ({
  host: 'github',
  owner: 'acme',
  repository: environment.app,
  ref: 'refs/heads/main',
  branch: 'main',
  before: commit('0'),
  after: commit(letter),
  delivery: letter,
  app: environment.app,
  environment: { name: environment.name, namespace: environment.app },
});

/** A release that was begun: claimed, and made. */
async function begin(execution: string, letter: string) {
  const claimed = await ledger.claim(environment, by(execution), async () => commit(letter));
  if (claimed.is !== 'claimed') throw new Error(claimed.is);
  const made = await ledger.release(environment, claimed.fence, (number) => release(number, letter));
  if (made.is !== 'made') throw new Error(made.is);
  return { fence: claimed.fence, number: made.release.number };
}

/** The whole way of a commit that comes up. */
async function deploy(execution: string, letter: string) {
  const { fence, number } = await begin(execution, letter);
  const runs = { release: number, commit: commit(letter), url: 'http://web/' };
  await ledger.settle(environment, { fence, runs }, [
    { number, verdict: { is: 'live', url: 'http://web/' } },
  ]);
  return fence;
}

/** As if a rollback had been cut off between its claim and the mark on the commit that it takes back. */
async function cutOffBeforeMarking(letter: string) {
  const pk = { S: `environment#${environment.app}/production` };
  const key = { pk, sk: { S: `bad#${commit(letter)}` } };
  await db.client.send(new DeleteItemCommand({ TableName: db.table, Key: key }));
}

describe('a rollback', () => {
  test('says in its claim what is to be brought back, and that the commit is bad', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    const answer = await ledger.rollBack(environment, by('ada'), ADA);
    const bad = {
      commit: commit('b'),
      reason: 'rolled back by ada: it is slow',
      at: new Date(now).toISOString(),
    };
    expect(answer).toMatchObject({
      is: 'claimed',
      fence: 3,
      good: { release: 1, commit: commit('a'), url: 'http://web/' },
      from: { number: 2 },
      bad,
    });
    expect(await ledger.rollBack(environment, by('ada'), ADA)).toEqual(answer);
    expect(await ledger.badCommits(environment)).toEqual([bad]);
    const [rolledBack] = await ledger.history(environment, 1);
    expect(rolledBack).toMatchObject({ number: 2, rolledBack: { reason: 'it is slow', by: 'ada' } });
    expect(await ledger.standing(environment)).toMatchObject({
      touched: true,
      live: { commit: commit('a') },
    });
  });

  test('keeps the bad commit out although its mark could not be written yet', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    await ledger.rollBack(environment, by('ada'), ADA);
    await cutOffBeforeMarking('b');
    expect(await ledger.claim(environment, by('three'), async () => commit('b'))).toMatchObject({
      is: 'busy',
    });
    now += 21 * 60_000;
    expect(await ledger.claim(environment, by('three'), async () => commit('b'))).toMatchObject({
      is: 'refused',
      bad: { reason: 'rolled back by ada: it is slow' },
      fence: 4,
    });
    await ledger.forgive(environment, commit('b'));
    expect(await ledger.claim(environment, by('three'), async () => commit('b'))).toMatchObject({
      is: 'claimed',
    });
  });

  test('leaves no bad commit behind that an earlier one, cut off, could not mark yet', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    await ledger.rollBack(environment, by('ada'), ADA);
    await cutOffBeforeMarking('b');
    await deploy('three', 'c');
    await ledger.rollBack(environment, by('bob'), ADA);
    const marked = await ledger.badCommits(environment);
    expect(marked.map((bad) => bad.commit).sort()).toEqual([commit('b'), commit('c')]);
  });

  test('takes back what is being brought out, and keeps what is live', async () => {
    await deploy('one', 'a');
    const { fence } = await begin('two', 'b');
    const answer = await ledger.rollBack(environment, by('ada'), ADA);
    expect(answer).toMatchObject({
      is: 'claimed',
      good: { release: 1 },
      from: { number: 2, commit: commit('b') },
    });
    // Two who ask at once take nothing more back.
    expect(await ledger.rollBack(environment, by('bob'), { ...ADA, by: 'bob' })).toMatchObject({
      is: 'claimed',
      good: { release: 1 },
    });
    expect((await ledger.badCommits(environment)).map((bad) => bad.commit)).toEqual([commit('b')]);
    const runs = { release: 2, commit: commit('b') };
    expect(await ledger.settle(environment, { fence, runs })).toEqual({ is: 'late' });
    expect(await ledger.live(environment)).toMatchObject({ release: 1 });
  });

  test('comes before the push that it superseded, and after a newer one', async () => {
    await deploy('one', 'a');
    await begin('two', 'b');
    const answer = await ledger.rollBack(environment, by('ada'), ADA);
    if (answer.is !== 'claimed') throw new Error(answer.is);
    const again = (more: object) =>
      ledger.claim(environment, { ...by('three'), ...more }, async () => commit('c'));
    expect(await again({ after: answer.fence })).toMatchObject({ is: 'busy', claim: { for: 'roll-back' } });
    expect(await again({})).toMatchObject({ is: 'claimed', fence: answer.fence + 1 });
  });

  test('while something is live does nothing when that is not so any more', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    const late = await ledger.rollBack(environment, by('alarm'), { ...ADA, whileLive: 1 });
    expect(late).toMatchObject({ is: 'not-live', live: { release: 2 } });
    await begin('three', 'c');
    const early = await ledger.rollBack(environment, by('alarm'), { ...ADA, whileLive: 2 });
    expect(early).toMatchObject({ is: 'not-live' });
    expect(await ledger.badCommits(environment)).toEqual([]);
  });

  test('finds what was good however long ago, and reads nothing of releases when it comes too late', async () => {
    await deploy('good', 'a');
    for (let round = 0; round < 12; round++) {
      const { fence, number } = await begin(`bad-${round}`, 'b');
      const verdict = { is: 'unknown', reason: 'nobody knows' } as const;
      await ledger.settle(environment, { fence }, [{ number, verdict }]);
    }
    const last = await begin('last', 'c');
    const runs = { release: last.number, commit: commit('c') };
    await ledger.settle(environment, { fence: last.fence, runs }, [
      { number: last.number, verdict: { is: 'live' } },
    ]);
    const asked: unknown[] = [];
    db.client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          asked.push(commandName);
          return next(args);
        },
      { step: 'initialize', name: 'asked' },
    );
    expect(await ledger.rollBack(environment, by('late'), { ...ADA, whileLive: 1 })).toMatchObject({
      is: 'not-live',
    });
    db.client.middlewareStack.remove('asked');
    expect(asked).toEqual(['GetItemCommand']);
    expect(await ledger.rollBack(environment, by('ada'), ADA)).toMatchObject({ good: { release: 1 } });
  });

  test('gives what is brought back the release whose pods serve, until it is brought back', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    const rolling = await ledger.rollBack(environment, by('ada'), ADA);
    if (rolling.is !== 'claimed') throw new Error(rolling.is);
    let instead: Release | undefined;
    const made = await ledger.undo(environment, rolling.fence, (good, number, from) => {
      instead = from;
      return { ...good, number };
    });
    expect(instead?.number).toBe(2);
    expect(made).toMatchObject({ is: 'made', release: { number: 3, commit: commit('a') } });
    const runs = { release: 3, commit: commit('a') };
    await ledger.settle(environment, { fence: rolling.fence, runs }, [
      { number: 3, verdict: { is: 'live' } },
    ]);
    expect(await ledger.standing(environment)).toMatchObject({ touched: false, live: runs });
    let serving: Release | undefined;
    const claimed = await ledger.claim(environment, by('four'), async () => commit('c'));
    if (claimed.is !== 'claimed') throw new Error(claimed.is);
    await ledger.release(environment, claimed.fence, (number, before) => {
      serving = before;
      return release(number, 'c');
    });
    expect(serving?.number).toBe(3);
  });
});

describe('a removal', () => {
  test('leaves nothing live, and lets the items go in time', async () => {
    const fence = await deploy('one', 'a');
    await ledger.list(push('a'), fence);
    await ledger.markBad(environment, { commit: commit('x'), reason: 'no', at: '' });
    const answer = await ledger.remove(environment, by('sweep'), async () => false);
    expect(answer).toEqual({ is: 'claimed', fence: 2, commit: commit('a') });
    expect(await ledger.remove(environment, by('sweep'), async () => false)).toEqual(answer);
    const undone = await ledger.undo(environment, 2, () => {
      throw new Error('there is nothing to bring back');
    });
    expect(undone).toMatchObject({ is: 'none-good', begun: { number: 1 } });
    await ledger.settle(environment, { fence: 2, runs: 'nothing' });
    await ledger.forget(environment, 2);
    expect(await ledger.listed(environment)).toBeUndefined();
    expect(await ledger.standing(environment)).toEqual({
      claim: expect.objectContaining({ fence: 2, for: 'remove', ended: true }),
      touched: false,
    });
    const { Items = [] } = await db.client.send(new ScanCommand({ TableName: db.table }));
    const mine = Items.filter(({ pk }) => pk?.S === `environment#${environment.app}/production`);
    expect(mine.map(({ sk, expires }) => [sk?.S?.split('#')[0], Number(expires?.N) > now / 1000])).toEqual([
      ['bad', true],
      ['release', true],
      ['state', true],
    ]);
    // A push makes it anew, and its state stays.
    await deploy('two', 'b');
    expect(await ledger.live(environment)).toMatchObject({ release: 2 });
    expect(await ledger.newestClaim(environment)).toMatchObject({ fence: 3 });
  });

  test('is not made where it is wanted again, or newer claims came', async () => {
    await deploy('one', 'a');
    expect(await ledger.remove(environment, by('sweep'), async () => true)).toEqual({ is: 'wanted' });
    await deploy('two', 'b');
    const late = { ...by('sweep'), whileFence: 1 };
    expect(await ledger.remove(environment, late, async () => false)).toMatchObject({
      is: 'newer',
      by: { fence: 2 },
    });
    expect(await ledger.live(environment)).toMatchObject({ release: 2 });
  });

  test('that is under way cannot be rolled back', async () => {
    await deploy('one', 'a');
    await ledger.remove(environment, by('sweep'), async () => false);
    expect(await ledger.rollBack(environment, by('ada'), ADA)).toEqual({
      is: 'none-good',
      why: 'nothing runs there',
    });
  });
});

describe('the list of environments', () => {
  test('has the newest push of each, whatever order they are entered in', async () => {
    await ledger.list(push('b'), 2);
    await ledger.list(push('a'), 1);
    expect(await ledger.listed(environment)).toEqual({
      ...environment,
      push: push('b'),
      pushedAt: new Date(now).toISOString(),
    });
    const preview = { ...push('c'), environment: { name: 'preview-x', namespace: 'x' } };
    await ledger.list(preview, 1);
    const all = await ledger.environments();
    const mine = all.filter(({ app }) => app === environment.app);
    expect(mine.map(({ name }) => name)).toEqual(['preview-x', 'production']);
  });

  test('is not left by a removal that came before a newer push', async () => {
    await ledger.list(push('b'), 3);
    await ledger.forget(environment, 2);
    expect(await ledger.listed(environment)).toBeDefined();
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
    await ledger.note(environment, number, { changes, phases });
    await ledger.note(environment, number, { phases });
    const [past] = await ledger.history(environment, 1);
    expect(past?.phases).toEqual(phases);
    expect(JSON.stringify(past?.changes).length).toBeLessThan(20_000);
    expect(past?.changes?.[0]?.fields.at(-1)).toBe('… and 30 more fields');
    expect(past?.changes?.at(-1)?.object).toMatch(/^… and \d+ more objects$/);
  });

  test('is read past the megabyte that DynamoDB answers at once', async () => {
    const data = { x: 'x'.repeat(280_000) };
    for (const letter of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const claimed = await ledger.claim(environment, by(letter), async () => commit(letter));
      if (claimed.is !== 'claimed') throw new Error(claimed.is);
      const large = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data };
      await ledger.release(environment, claimed.fence, (number) => ({
        ...release(number, letter),
        resources: [large],
      }));
      await ledger.settle(environment, { fence: claimed.fence });
    }
    expect((await ledger.history(environment, 9)).map(({ number }) => number)).toEqual([6, 5, 4, 3, 2, 1]);
  });

  test('is live before what ran until then is taken away', async () => {
    await deploy('one', 'a');
    const { fence, number } = await begin('two', 'b');
    const runs = { release: number, commit: commit('b') };
    expect(await ledger.keep(environment, fence, runs)).toEqual({ is: 'kept' });
    expect(await ledger.keep(environment, fence, runs)).toEqual({ is: 'kept' });
    expect(await ledger.standing(environment)).toMatchObject({
      touched: false,
      live: runs,
      claim: { ended: false },
    });
    const claimed = await ledger.claim(environment, by('three'), async () => commit('c'));
    expect(claimed).toMatchObject({ is: 'claimed' });
    const make = (next: number) => release(next, 'c');
    expect(await ledger.release(environment, 3, make)).toMatchObject({ is: 'held' });
    await ledger.settle(environment, { fence, runs });
    expect(await ledger.release(environment, 3, make)).toMatchObject({ is: 'made' });
  });
});
