import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LentTable } from '../../../lambdas/build-image/lent-table.ts';

const server = dynalite({ createTableMs: 0 });
let client: DynamoDBClient;
let table: LentTable;

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  await client.send(
    new CreateTableCommand({
      TableName: 'lent',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'name', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'name', AttributeType: 'S' }],
    }),
  );
  table = new LentTable('lent', client);
});
afterAll(() => {
  client.destroy();
  server.close();
});

const read = async (name: string) =>
  (await client.send(new GetItemCommand({ TableName: 'lent', Key: { name: { S: name } } }))).Item;

describe('what is lent to a build', () => {
  test('is read by a name that nobody can guess, and is over after hours', async () => {
    const name = await table.leave('registry/fairlead/web', { password: 'narrow' });
    expect(name).toMatch(/^lent\/[0-9a-f]{64}$/);
    const item = await read(name);
    expect(item?.password).toEqual({ S: 'narrow' });
    const left = Number(item?.expires?.N) - Date.now() / 1000;
    expect(left).toBeGreaterThan(3600);
    expect(left).toBeLessThan(4 * 3600);
  });

  test('has the same name whenever it is for the same repository, and the newest value', async () => {
    const first = await table.leave('registry/fairlead/api', { password: 'old' });
    expect(await table.leave('registry/fairlead/api', { password: 'new' })).toBe(first);
    expect((await read(first))?.password).toEqual({ S: 'new' });
  });

  test('has one name though several builds of an app begin at once', async () => {
    const names = await Promise.all(
      Array.from({ length: 8 }, () => table.leave('registry/fairlead/many', { password: 'p' })),
    );
    expect(new Set(names).size).toBe(1);
  });

  test('is another thing for another app, and for previews', async () => {
    const names = await Promise.all(
      ['web', 'web-api', 'web/of.previews'].map((name) =>
        table.leave(`registry/fairlead/${name}`, { password: name }),
      ),
    );
    expect(new Set(names).size).toBe(3);
  });
});
