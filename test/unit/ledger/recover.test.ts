import { DeleteCommand, DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decideClaim, decideUndo } from '../../../lib/ledger/claims.ts';
import { decideRecover } from '../../../lib/ledger/recover.ts';
import { Recovery } from '../../../lib/ledger/recovery.ts';
import { EMPTY } from '../../../lib/ledger/state.ts';
import type { State } from '../../../lib/ledger/types.ts';
import type { Release } from '../../../lib/release/types.ts';
import { deployed, pushOf } from '../lambdas/deployed.ts';
import { startDynamoDB } from './dynamodb.ts';

const states: fc.Arbitrary<State> = fc
  .record({
    fence: fc.nat(200),
    releases: fc.nat(50),
    ended: fc.boolean(),
    live: fc.boolean(),
    touched: fc.boolean(),
  })
  .map(({ fence, releases, ended, live, touched }) => ({
    version: fence,
    releases,
    known: touched ? Math.max(0, releases - 1) : releases,
    ...(fence > 0 && {
      claim: { fence, execution: 'arn:old', delivery: 'd', commit: 'a', until: ended ? 0 : 10_000, ended },
    }),
    ...(live && releases > 0 && { live: { release: releases, commit: 'a' } }),
  }));

const found = fc.record({
  execution: fc.constant('arn:recover'),
  delivery: fc.constant('recover'),
  now: fc.constant(1000),
  fence: fc.nat(200),
  number: fc.nat(60),
});

describe('recovering a state, whatever is left of it', () => {
  test('lets fences and the numbers of releases only grow, and the next claim write to the cluster', () => {
    fc.assert(
      fc.property(states, found, fc.boolean(), (state, seen, runs) => {
        const evidence = {
          ...seen,
          ...(runs && { runs: { release: Math.max(1, seen.number), commit: 'b' } }),
        };
        const { answer, next = state } = decideRecover(state, evidence);
        expect(next.claim?.fence ?? 0).toBeGreaterThanOrEqual(state.claim?.fence ?? 0);
        expect(next.releases).toBeGreaterThanOrEqual(state.releases);
        if (answer.is === 'recovered') expect(next.releases).toBeGreaterThanOrEqual(seen.number);
        const after = decideClaim(next, {
          ...{ execution: 'arn:new', delivery: 'n', commit: 'c', bad: undefined, now: 10_000_000 },
        });
        expect((after.next ?? next).claim?.fence ?? 0).toBeGreaterThan(seen.fence);
      }),
    );
  });

  test('changes nothing the second time', () => {
    fc.assert(
      fc.property(states, found, (state, seen) => {
        const once = decideRecover(state, seen).next ?? state;
        const again = decideRecover(once, seen);
        expect(again.next).toBeUndefined();
        expect(again.answer.is).not.toBe('recovered');
      }),
    );
  });

  test('leaves a ledger alone that gave every fence which the cluster has', () => {
    fc.assert(
      fc.property(states, found, (state, seen) => {
        fc.pre(state.live !== undefined);
        const fence = Math.min(seen.fence, state.claim?.fence ?? 0);
        const number = Math.min(seen.number, state.releases);
        const { answer } = decideRecover(state, {
          ...seen,
          fence,
          number,
          runs: { release: 1, commit: 'z' },
        });
        expect(['as-known', 'at-work']).toContain(answer.is);
      }),
    );
  });

  test('has nothing to undo that the cluster runs', () => {
    const runs = { release: 7, commit: 'b' };
    const { next = EMPTY } = decideRecover(EMPTY, { ...evidence(41), number: 7, runs });
    expect(next).toMatchObject({ live: runs, releases: 7, known: 7, claim: { ended: true } });
    const fence = next.claim?.fence ?? 0;
    expect(fence).toBeGreaterThan(41);
    expect(decideUndo(next, { fence, now: 2000 }).answer).toEqual({ is: 'untouched' });
  });

  test('knows a lost ledger even where failed claims have counted up to the cluster', () => {
    const claim = { fence: 9, execution: 'x', delivery: 'd', commit: 'a', until: 0, ended: true };
    const state: State = { version: 1, releases: 1, known: 1, claim };
    const runs = { release: 4, commit: 'b' };
    expect(decideRecover(state, { ...evidence(5), number: 4, runs })).toMatchObject({
      answer: { is: 'recovered' },
      next: { live: runs, releases: 4 },
    });
    expect(
      decideRecover({ ...state, releases: 4, known: 4 }, { ...evidence(5), number: 4, runs }),
    ).toMatchObject({
      answer: { is: 'recovered' },
      next: { live: runs },
    });
  });

  test('takes the lease from nobody that is at work with a fence of its own', () => {
    const claim = { fence: 41, execution: 'x', delivery: 'd', commit: 'a', until: 10_000, ended: false };
    const state: State = { version: 1, releases: 1, known: 1, claim };
    expect(decideRecover(state, { ...evidence(41), now: 1000 })).toEqual({
      answer: { is: 'at-work', claim },
    });
  });
});

const evidence = (fence: number) => ({
  execution: 'arn:recover',
  delivery: 'r',
  fence,
  number: 0,
  now: 1000,
});

describe('a table that was lost', () => {
  let database: Awaited<ReturnType<typeof startDynamoDB>>;
  let ledger: Recovery;
  let documents: DynamoDBDocumentClient;
  beforeAll(async () => {
    database = await startDynamoDB();
    ledger = new Recovery(database.client, database.table);
    documents = DynamoDBDocumentClient.from(database.client);
  });
  afterAll(() => database.close());

  const items = async () =>
    (await documents.send(new ScanCommand({ TableName: database.table }))).Items ?? [];
  const wipe = async () => {
    for (const { pk, sk } of await items())
      await documents.send(new DeleteCommand({ TableName: database.table, Key: { pk, sk } }));
  };
  const where = { app: 'web', name: 'production' };
  const [A, B, C] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)];
  const clusterHas = async (release: Release, fence: number) =>
    await ledger.recover(where, {
      ...{ execution: 'arn:recover', delivery: 'r', fence, number: release.number, release },
      ...{ url: 'http://web.test', push: pushOf('web', 'production', release.commit) },
    });

  test('has what runs again: it is unchanged by a push, and a rollback goes back to it', async () => {
    await wipe();
    await deployed(ledger, { app: 'web', commit: A });
    const second = await deployed(ledger, { app: 'web', commit: B });
    await wipe();
    expect(await clusterHas(second, 2)).toMatchObject({ is: 'recovered', from: 0 });
    expect(await ledger.listed(where)).toMatchObject({ push: { branch: 'main' } });
    const by = { execution: 'e', delivery: 'd' };
    expect(await ledger.claim(where, by, async () => B)).toMatchObject({
      is: 'unchanged',
      live: { release: 2, url: 'http://web.test' },
    });
    const third = await deployed(ledger, { app: 'web', commit: C });
    expect(third.number).toBe(3);
    const back = await ledger.rollBack(where, by, { reason: 'it is slow', by: 'ada' });
    expect(back).toMatchObject({ is: 'claimed', good: { release: 2, commit: B } });
    expect(back.is === 'claimed' && back.fence).toBeGreaterThan(100);
  });

  test('keeps the release that runs under another number, where a push after the loss has taken its own', async () => {
    await wipe();
    const first = await deployed(ledger, { app: 'web', commit: A });
    await wipe();
    await deployed(ledger, { app: 'web', commit: B, fails: 'the cluster is ahead' });
    expect(await clusterHas(first, 40)).toMatchObject({ is: 'recovered', from: 1 });
    expect(await ledger.live(where)).toMatchObject({ release: 2, commit: A });
    expect(await ledger.releaseOf(where, 2)).toMatchObject({ commit: A });
    expect((await ledger.badCommits(where)).map(({ commit }) => commit)).toEqual([B]);
  });

  test('restored to an earlier time it keeps what it knows, and takes what came since from the cluster', async () => {
    await wipe();
    await deployed(ledger, { app: 'web', commit: A });
    await deployed(ledger, { app: 'web', commit: C, fails: 'it crashes' });
    const earlier = await items();
    const newest = await deployed(ledger, { app: 'web', commit: B });
    await wipe();
    for (const Item of earlier) await documents.send(new PutCommand({ TableName: database.table, Item }));
    expect(await clusterHas(newest, 3)).toMatchObject({ is: 'recovered', from: 2 });
    expect((await ledger.history(where, 10)).map(({ number }) => number)).toEqual([3, 2, 1]);
    expect(await ledger.live(where)).toMatchObject({ release: 3, commit: B });
    expect(await ledger.badCommit(where, C)).toMatchObject({ reason: 'it crashes' });
  });
});

describe('a cluster that was lost', () => {
  test('has what is live brought out anew: the next claim may not leave it as it is', () => {
    const live = { release: 3, commit: 'a' };
    const claim = { fence: 9, execution: 'x', delivery: 'd', commit: 'a', until: 0, ended: true };
    const state: State = { version: 1, releases: 3, known: 3, claim, live };
    const { answer, next = EMPTY } = decideRecover(state, evidence(0));
    expect(answer).toEqual({ is: 'missing', live });
    const asked = { execution: 'y', delivery: 'e', commit: 'a', bad: undefined, now: 2000 };
    expect(decideClaim(next, asked).answer).toMatchObject({ is: 'claimed', fence: 10 });
    expect(decideClaim(state, asked).answer).toMatchObject({ is: 'unchanged' });
  });
});
