import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Ledger } from '../../../lib/ledger/ledger.ts';
import type { Environment } from '../../../lib/ledger/types.ts';
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
  environment = { app: `web-${apps++}`, name: 'production' };
  now = Date.parse('2026-01-01T00:00:00Z');
  ledger = new Ledger(db.client, db.table, () => now);
});

const MINUTE = 60_000;
const commit = (letter: string) => letter.repeat(40);
const by = (execution: string) => ({ execution, delivery: `delivery of ${execution}` });
const head = (letter: string) => async () => commit(letter);
const claim = (execution: string, letter: string) => ledger.claim(environment, by(execution), head(letter));

const release = (number: number, letter: string, resources: Release['resources'] = []): Release => ({
  number,
  app: environment.app,
  environment: environment.name,
  namespace: environment.app,
  commit: commit(letter),
  image: `registry/web@sha256:${letter}`,
  port: 8080,
  jobs: [],
  resources,
  strategy: { kind: 'rolling' },
  bake: { seconds: 0, alarms: [], checks: [], restarts: 0, unknown: 'keep', watchFor: 0 },
  createdAt: new Date(now).toISOString(),
});

const again = (good: Release, number: number): Release => ({
  ...good,
  number,
  createdAt: new Date(now).toISOString(),
});

/** The whole way of a commit that comes up. */
async function deploy(execution: string, letter: string): Promise<number> {
  const claimed = await claim(execution, letter);
  if (claimed.is !== 'claimed') throw new Error(claimed.is);
  const made = await ledger.release(environment, claimed.fence, (number) => release(number, letter));
  if (made.is !== 'made') throw new Error(made.is);
  const { number } = made.release;
  const runs = { release: number, commit: commit(letter), url: 'http://web/' };
  await ledger.settle(environment, { fence: claimed.fence, runs }, [
    { number, verdict: { is: 'live', url: 'http://web/' } },
  ]);
  return claimed.fence;
}

async function expiries(): Promise<Record<string, string | undefined>> {
  const { Items = [] } = await db.client.send(new ScanCommand({ TableName: db.table }));
  const mine = Items.filter(({ pk }) => pk?.S === `environment#${environment.app}/production`);
  return Object.fromEntries(mine.map(({ sk, expires }) => [sk?.S, expires?.N]));
}

describe('claims', () => {
  test('get growing fences; the same execution gets the same one', async () => {
    expect(await claim('one', 'a')).toEqual({ is: 'claimed', fence: 1, commit: commit('a') });
    expect(await claim('one', 'a')).toEqual({ is: 'claimed', fence: 1, commit: commit('a') });
    expect(await claim('two', 'b')).toEqual({ is: 'claimed', fence: 2, commit: commit('b') });
    expect(await ledger.newestClaim(environment)).toMatchObject({ fence: 2, execution: 'two' });
  });

  test('at the same time get different fences, in the order of the heads they read', async () => {
    let heads = 0;
    const read = async () => {
      const mine = ++heads;
      await new Promise((done) => setTimeout(done, Math.random() * 10));
      return String(mine).padStart(40, '0');
    };
    const claims = await Promise.all(
      Array.from({ length: 5 }, (_, n) => ledger.claim(environment, by(`racer ${n}`), read)),
    );
    const won = claims.flatMap((answer) => (answer.is === 'claimed' ? [answer] : []));
    expect(won).toHaveLength(5);
    const byFence = won.toSorted((a, b) => a.fence - b.fence);
    expect(byFence.map(({ fence }) => fence)).toEqual([1, 2, 3, 4, 5]);
    const seen = byFence.map((answer) => answer.commit);
    expect(seen).toEqual(seen.toSorted());
  });

  test('of a commit that another execution is at work on wait for it, until it is taken for dead', async () => {
    await claim('one', 'a');
    expect(await claim('two', 'a')).toMatchObject({ is: 'busy', claim: { execution: 'one' } });
    now += 21 * MINUTE;
    expect(await claim('two', 'a')).toMatchObject({ is: 'claimed', fence: 2 });
  });

  test('of what runs change nothing', async () => {
    await deploy('one', 'a');
    const live = { release: 1, commit: commit('a'), url: 'http://web/' };
    const before = await ledger.history(environment, 10);
    expect(await claim('two', 'a')).toEqual({ is: 'unchanged', live });
    expect(await ledger.history(environment, 10)).toEqual(before);
    expect(await ledger.newestClaim(environment)).toMatchObject({ fence: 1, ended: true });
  });

  test('of an older commit that was live before are new deployments', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    expect(await claim('three', 'a')).toMatchObject({ is: 'claimed', fence: 3 });
  });

  test('of a branch that is gone are not made', async () => {
    expect(await ledger.claim(environment, by('one'), async () => undefined)).toEqual({ is: 'gone' });
    expect(await ledger.newestClaim(environment)).toBeUndefined();
  });

  test('of a bad commit are refused with the first reason, until it is forgiven', async () => {
    const bad = { commit: commit('a'), reason: 'it does not compile', at: '2026-01-01T00:00:00.000Z' };
    await ledger.markBad(environment, bad);
    await ledger.markBad(environment, { ...bad, reason: 'another one' });
    expect(await claim('one', 'a')).toEqual({ is: 'refused', bad });
    expect(await claim('one', 'b')).toMatchObject({ is: 'claimed' });
    await ledger.forgive(environment, commit('a'));
    expect(await claim('two', 'a')).toMatchObject({ is: 'claimed' });
  });
});

describe('the lease', () => {
  test('is held by one claim, and taken over when it was given back', async () => {
    await claim('one', 'a');
    await ledger.release(environment, 1, (number) => release(number, 'a'));
    await claim('two', 'b');
    const make = (number: number) => release(number, 'b');
    expect(await ledger.release(environment, 2, make)).toMatchObject({ is: 'held', lease: { fence: 1 } });
    expect(await ledger.renew(environment, 1)).toMatchObject({ is: 'superseded', by: { fence: 2 } });
    await ledger.settle(environment, { fence: 1 }, [{ number: 1, verdict: { is: 'superseded' } }]);
    expect(await ledger.release(environment, 2, make)).toMatchObject({ is: 'made', release: { number: 2 } });
  });

  test('is taken over when it has expired, and renewing it keeps it', async () => {
    await claim('one', 'a');
    await ledger.release(environment, 1, (number) => release(number, 'a'));
    now += 4 * MINUTE;
    expect(await ledger.renew(environment, 1)).toEqual({ is: 'renewed' });
    await claim('two', 'b');
    now += 4 * MINUTE;
    const make = (number: number) => release(number, 'b');
    expect(await ledger.release(environment, 2, make)).toMatchObject({ is: 'held' });
    now += 2 * MINUTE;
    expect(await ledger.release(environment, 2, make)).toMatchObject({ is: 'made' });
    const runs = { release: 1, commit: commit('a') };
    expect(
      await ledger.settle(environment, { fence: 1, runs }, [{ number: 1, verdict: { is: 'live' } }]),
    ).toEqual({
      is: 'late',
    });
    expect((await ledger.history(environment, 10)).at(-1)?.verdict).toEqual({ is: 'superseded' });
  });
});

describe('releases', () => {
  test('are made once, and never change', async () => {
    await claim('one', 'a');
    const first = await ledger.release(environment, 1, (number) => release(number, 'a'));
    const again = await ledger.release(environment, 1, (number) => release(number, 'z'));
    expect(again).toEqual(first);
    expect(await ledger.history(environment, 10)).toHaveLength(1);
  });

  test('are kept whole when their resources are larger than an item', async () => {
    await claim('one', 'a');
    const large = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x' },
      data: { x: 'x'.repeat(900_000) },
    };
    const make = (number: number) => release(number, 'a', [large]);
    expect(await ledger.release(environment, 1, make)).toMatchObject({ is: 'made' });
    const read = await ledger.release(environment, 1, (number) => release(number, 'z'));
    expect(isDeepStrictEqual(read, { is: 'made', release: make(1) })).toBe(true);
  });

  test('that cannot be kept say so', async () => {
    await claim('one', 'a');
    const data = { x: randomBytes(600_000).toString('base64') };
    const large = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data };
    const making = ledger.release(environment, 1, (number) => release(number, 'a', [large]));
    await expect(making).rejects.toMatchObject({ code: 'ledger/release-too-large' });
  });

  test('are undone by a new one with the content of the last good one', async () => {
    await deploy('one', 'a');
    await claim('two', 'b');
    await ledger.release(environment, 2, (number) => release(number, 'b'));
    now += MINUTE;
    const undone = await ledger.undo(environment, 2, again);
    const createdAt = new Date(now).toISOString();
    expect(undone).toEqual({ is: 'made', release: { ...release(3, 'a'), createdAt } });
    expect(await ledger.undo(environment, 2, again)).toEqual(undone);
    await ledger.settle(environment, { fence: 2, runs: { release: 3, commit: commit('a') } }, [
      { number: 2, verdict: { is: 'failed', reason: 'it crashes' } },
      { number: 3, verdict: { is: 'live' } },
    ]);
    expect(
      (await ledger.history(environment, 2)).map(({ number, verdict }) => [number, verdict?.is]),
    ).toEqual([
      [3, 'live'],
      [2, 'failed'],
    ]);
    expect(await claim('three', 'a')).toMatchObject({ is: 'unchanged', live: { release: 3 } });
  });

  test('with nothing good before name what has to go', async () => {
    await claim('one', 'a');
    expect(await ledger.undo(environment, 1, again)).toEqual({ is: 'untouched' });
    await ledger.release(environment, 1, (number) => release(number, 'a'));
    expect(await ledger.undo(environment, 1, again)).toEqual({ is: 'none-good', begun: release(1, 'a') });
    await ledger.settle(environment, { fence: 1, runs: 'nothing' }, []);
    await claim('two', 'b');
    expect(await ledger.undo(environment, 2, again)).toEqual({ is: 'untouched' });
  });

  test('expire when they failed or were replaced; the one that runs does not', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    const { 'release#00000001': replaced, 'release#00000002': live } = await expiries();
    expect(Number(replaced)).toBeGreaterThan(now / 1000 + 100 * 86_400);
    expect(live).toBeUndefined();
  });
});

test('two environments do not meet', async () => {
  await deploy('one', 'a');
  const preview = { ...environment, name: 'preview-x' };
  expect(await ledger.claim(preview, by('one'), head('a'))).toMatchObject({ is: 'claimed', fence: 1 });
});

test('a table that is missing is named, as something that waiting does not heal', async () => {
  const lost = new Ledger(db.client, 'no-such-table');
  await expect(lost.newestClaim(environment)).rejects.toMatchObject({
    code: 'ledger/unavailable',
    temporary: false,
    message: expect.stringContaining('table no-such-table'),
  });
});
