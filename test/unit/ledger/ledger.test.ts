import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { Ledger } from '../../../lib/ledger/ledger.ts';
import type { Release } from '../../../lib/release/types.ts';
import { by, commit, LedgerScene } from './scene.ts';

const scene = new LedgerScene();
const { release, deploy } = scene;

const MINUTE = 60_000;
const head = (letter: string) => async () => commit(letter);
const claim = (execution: string, letter: string) =>
  scene.ledger.claim(scene.environment, by(execution), head(letter));

const again = (good: Release, number: number): Release => ({
  ...good,
  number,
  createdAt: new Date(scene.now).toISOString(),
});

async function expiries(): Promise<Record<string, string | undefined>> {
  const { Items = [] } = await scene.db.client.send(new ScanCommand({ TableName: scene.db.table }));
  const mine = Items.filter(({ pk }) => pk?.S === `environment#${scene.environment.app}/production`);
  return Object.fromEntries(mine.map(({ sk, expires }) => [sk?.S, expires?.N]));
}

describe('claims', () => {
  test('get growing fences; the same execution gets the same one', async () => {
    expect(await claim('one', 'a')).toEqual({ is: 'claimed', fence: 1, commit: commit('a') });
    expect(await claim('one', 'a')).toEqual({ is: 'claimed', fence: 1, commit: commit('a') });
    expect(await claim('two', 'b')).toEqual({ is: 'claimed', fence: 2, commit: commit('b') });
    expect(await scene.ledger.newestClaim(scene.environment)).toMatchObject({ fence: 2, execution: 'two' });
  });

  // The DynamoDB of others may be moto, whose threads look at a condition and write in two steps.
  const retry = process.env.FAIRLEAD_TEST_DYNAMODB === undefined ? 0 : 4;
  test('at the same time get different fences, in the order of the heads they read', { retry }, async () => {
    let heads = 0;
    const read = async () => {
      const mine = ++heads;
      await new Promise((done) => setTimeout(done, Math.random() * 10));
      return String(mine).padStart(40, '0');
    };
    const claims = await Promise.all(
      Array.from({ length: 5 }, (_, n) => scene.ledger.claim(scene.environment, by(`racer ${n}`), read)),
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
    scene.now += 21 * MINUTE;
    expect(await claim('two', 'a')).toMatchObject({ is: 'claimed', fence: 2 });
  });

  test('of what runs change nothing', async () => {
    await deploy('one', 'a');
    const live = { release: 1, commit: commit('a'), url: 'http://web/' };
    const before = await scene.ledger.history(scene.environment, 10);
    expect(await claim('two', 'a')).toEqual({ is: 'unchanged', live });
    expect(await scene.ledger.history(scene.environment, 10)).toEqual(before);
    expect(await scene.ledger.newestClaim(scene.environment)).toMatchObject({ fence: 1, ended: true });
  });

  test('of an older commit that was live before are new deployments', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    expect(await claim('three', 'a')).toMatchObject({ is: 'claimed', fence: 3 });
  });

  test('of a branch that is gone are not made', async () => {
    expect(await scene.ledger.claim(scene.environment, by('one'), async () => undefined)).toEqual({
      is: 'gone',
    });
    expect(await scene.ledger.newestClaim(scene.environment)).toBeUndefined();
  });

  test('of a bad commit are refused with the first reason, until it is forgiven', async () => {
    const bad = { commit: commit('a'), reason: 'it does not compile', at: '2026-01-01T00:00:00.000Z' };
    await scene.ledger.markBad(scene.environment, bad);
    await scene.ledger.markBad(scene.environment, { ...bad, reason: 'another one' });
    expect(await claim('one', 'a')).toEqual({ is: 'refused', bad });
    expect(await claim('one', 'b')).toMatchObject({ is: 'claimed' });
    await scene.ledger.forgive(scene.environment, commit('a'));
    expect(await claim('two', 'a')).toMatchObject({ is: 'claimed' });
  });
});

describe('the lease', () => {
  test('is held by one claim, and taken over when it was given back', async () => {
    await claim('one', 'a');
    await scene.ledger.release(scene.environment, 1, (number) => release(number, 'a'));
    await claim('two', 'b');
    const make = (number: number) => release(number, 'b');
    expect(await scene.ledger.release(scene.environment, 2, make)).toMatchObject({
      is: 'held',
      lease: { fence: 1 },
    });
    expect(await scene.ledger.renew(scene.environment, 1)).toMatchObject({
      is: 'superseded',
      by: { fence: 2 },
    });
    await scene.ledger.settle(scene.environment, { fence: 1 }, [
      { number: 1, verdict: { is: 'superseded' } },
    ]);
    expect(await scene.ledger.release(scene.environment, 2, make)).toMatchObject({
      is: 'made',
      release: { number: 2 },
    });
  });

  test('is taken over when it has expired, and renewing it keeps it', async () => {
    await claim('one', 'a');
    await scene.ledger.release(scene.environment, 1, (number) => release(number, 'a'));
    scene.now += 4 * MINUTE;
    expect(await scene.ledger.renew(scene.environment, 1)).toEqual({ is: 'renewed' });
    await claim('two', 'b');
    scene.now += 4 * MINUTE;
    const make = (number: number) => release(number, 'b');
    expect(await scene.ledger.release(scene.environment, 2, make)).toMatchObject({ is: 'held' });
    scene.now += 2 * MINUTE;
    expect(await scene.ledger.release(scene.environment, 2, make)).toMatchObject({ is: 'made' });
    const runs = { release: 1, commit: commit('a') };
    expect(
      await scene.ledger.settle(scene.environment, { fence: 1, runs }, [
        { number: 1, verdict: { is: 'live' } },
      ]),
    ).toEqual({
      is: 'late',
    });
    expect((await scene.ledger.history(scene.environment, 10)).at(-1)?.verdict).toEqual({ is: 'superseded' });
  });
});

describe('releases', () => {
  test('are made once, and never change', async () => {
    await claim('one', 'a');
    const first = await scene.ledger.release(scene.environment, 1, (number) => release(number, 'a'));
    const again = await scene.ledger.release(scene.environment, 1, (number) => release(number, 'z'));
    expect(again).toEqual(first);
    expect(await scene.ledger.history(scene.environment, 10)).toHaveLength(1);
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
    expect(await scene.ledger.release(scene.environment, 1, make)).toMatchObject({ is: 'made' });
    const read = await scene.ledger.release(scene.environment, 1, (number) => release(number, 'z'));
    expect(isDeepStrictEqual(read, { is: 'made', release: make(1) })).toBe(true);
  });

  test('that cannot be kept say so', async () => {
    await claim('one', 'a');
    const data = { x: randomBytes(600_000).toString('base64') };
    const large = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data };
    const making = scene.ledger.release(scene.environment, 1, (number) => release(number, 'a', [large]));
    await expect(making).rejects.toMatchObject({ code: 'ledger/release-too-large' });
  });

  test('are undone by a new one with the content of the last good one', async () => {
    await deploy('one', 'a');
    await claim('two', 'b');
    await scene.ledger.release(scene.environment, 2, (number) => release(number, 'b'));
    scene.now += MINUTE;
    const undone = await scene.ledger.undo(scene.environment, 2, again);
    const createdAt = new Date(scene.now).toISOString();
    expect(undone).toEqual({ is: 'made', release: { ...release(3, 'a'), createdAt } });
    expect(await scene.ledger.undo(scene.environment, 2, again)).toEqual(undone);
    await scene.ledger.settle(scene.environment, { fence: 2, runs: { release: 3, commit: commit('a') } }, [
      { number: 2, verdict: { is: 'failed', reason: 'it crashes' } },
      { number: 3, verdict: { is: 'live' } },
    ]);
    expect(
      (await scene.ledger.history(scene.environment, 2)).map(({ number, verdict }) => [number, verdict?.is]),
    ).toEqual([
      [3, 'live'],
      [2, 'failed'],
    ]);
    expect(await claim('three', 'a')).toMatchObject({ is: 'unchanged', live: { release: 3 } });
  });

  test('with nothing good before name what has to go', async () => {
    await claim('one', 'a');
    expect(await scene.ledger.undo(scene.environment, 1, again)).toEqual({ is: 'untouched' });
    await scene.ledger.release(scene.environment, 1, (number) => release(number, 'a'));
    expect(await scene.ledger.undo(scene.environment, 1, again)).toEqual({
      is: 'none-good',
      begun: release(1, 'a'),
    });
    await scene.ledger.settle(scene.environment, { fence: 1, runs: 'nothing' }, []);
    await claim('two', 'b');
    expect(await scene.ledger.undo(scene.environment, 2, again)).toEqual({ is: 'untouched' });
  });

  test('expire when they failed or were replaced; the one that runs does not', async () => {
    await deploy('one', 'a');
    await deploy('two', 'b');
    const { 'release#00000001': replaced, 'release#00000002': live } = await expiries();
    expect(Number(replaced)).toBeGreaterThan(scene.now / 1000 + 100 * 86_400);
    expect(live).toBeUndefined();
  });
});

test('two environments do not meet', async () => {
  await deploy('one', 'a');
  const preview = { ...scene.environment, name: 'preview-x' };
  expect(await scene.ledger.claim(preview, by('one'), head('a'))).toMatchObject({ is: 'claimed', fence: 1 });
});

test('a table that is missing is named, as something that waiting does not heal', async () => {
  const lost = new Ledger(scene.db.client, 'no-such-table');
  await expect(lost.newestClaim(scene.environment)).rejects.toMatchObject({
    code: 'ledger/unavailable',
    temporary: false,
    message: expect.stringContaining('table no-such-table'),
  });
});
