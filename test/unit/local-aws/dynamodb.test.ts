import {
  ConditionalCheckFailedException,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AwsCall } from '../../../local/aws/admission.ts';
import { as, builder, startCloud } from './cloud.ts';

let cloud: Awaited<ReturnType<typeof startCloud>>;
let client: DynamoDBClient;
const calls: AwsCall[] = [];

beforeAll(async () => {
  cloud = await startCloud({
    tables: [
      {
        TableName: 'ledger',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'by', AttributeType: 'S' },
        ],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'byBy',
            KeySchema: [{ AttributeName: 'by', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
      },
    ],
  });
  cloud.calls.on('call', (call) => calls.push(call));
  client = new DynamoDBClient(as(builder, cloud.dynamodbEndpoint));
});
afterAll(() => cloud.close());

test('the tables that were asked for are there at once', async () => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'ledger' }));
  expect(Table?.TableStatus).toBe('ACTIVE');
});

test('items are written under a condition, read, and found by an index', async () => {
  const put = () =>
    client.send(
      new PutItemCommand({
        TableName: 'ledger',
        Item: { pk: { S: 'a' }, by: { S: 'me' } },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
  await put();
  await expect(put()).rejects.toBeInstanceOf(ConditionalCheckFailedException);
  const { Item } = await client.send(new GetItemCommand({ TableName: 'ledger', Key: { pk: { S: 'a' } } }));
  expect(Item?.by?.S).toBe('me');
  const { Count } = await client.send(
    new QueryCommand({
      TableName: 'ledger',
      IndexName: 'byBy',
      KeyConditionExpression: '#by = :me',
      ExpressionAttributeNames: { '#by': 'by' },
      ExpressionAttributeValues: { ':me': { S: 'me' } },
    }),
  );
  expect(Count).toBe(1);
});

test('calls are told with the table or the index as their resource', () => {
  const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/ledger';
  expect(calls.map(({ action, resource }) => [action, resource])).toEqual([
    ['DescribeTable', table],
    ['PutItem', table],
    ['PutItem', table],
    ['GetItem', table],
    ['Query', `${table}/index/byBy`],
  ]);
});
