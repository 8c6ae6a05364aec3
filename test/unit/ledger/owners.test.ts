import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Listing } from '../../../lib/ledger/listing.ts';
import { Owners } from '../../../lib/ledger/owners.ts';
import { Table } from '../../../lib/ledger/table.ts';
import { startDynamoDB } from './dynamodb.ts';

describe('whose an app is', () => {
  let database: Awaited<ReturnType<typeof startDynamoDB>>;
  let owners: Owners;
  beforeAll(async () => {
    database = await startDynamoDB();
    owners = new Owners(new Table(database.client, database.table));
  });
  afterAll(() => database.close());

  const of = (owner: string, repository = 'web') => ({ host: 'github', owner, repository }) as const;

  test('that of the first repository, in whatever case the host tells its name', async () => {
    expect(await owners.take('web', of('org1'))).toEqual({ is: 'ours' });
    expect(await owners.take('web', of('Org1', 'Web'))).toEqual({ is: 'ours' });
    expect(await owners.take('web', of('org2'))).toEqual({ is: 'taken', by: of('org1') });
    expect(await owners.take('web', of('org1', 'w_eb'))).toMatchObject({ is: 'taken' });
    expect(await owners.take('shop', of('org2', 'shop'))).toEqual({ is: 'ours' });
  });

  test('of two that come at once, one has it', async () => {
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((owner) => owners.take('raced', of(owner, 'raced'))),
    );
    expect(answers.filter(({ is }) => is === 'ours')).toHaveLength(1);
  });

  test('is handed over once, by whose it was', async () => {
    await owners.take('moved', of('org1', 'moved'));
    expect(await owners.hand('moved', of('org1', 'moved'), of('org2', 'moved'))).toBe(true);
    expect(await owners.hand('moved', of('org1', 'moved'), of('org3', 'moved'))).toBe(false);
    expect(await owners.take('moved', of('org2', 'moved'))).toEqual({ is: 'ours' });
  });

  test('is not taken for an environment', async () => {
    expect(await new Listing(new Table(database.client, database.table)).all()).toEqual([]);
  });
});
