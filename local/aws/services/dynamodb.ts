import { Agent, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { Admission } from '../admission.ts';
import { AwsError } from '../error.ts';
import type { RawAnswer, RawService } from '../front-door.ts';
import { type Input, object, optional } from '../input.ts';
import { awsJson } from '../protocol.ts';
import type { Place } from '../service.ts';
import type { SignedRequest } from '../sigv4.ts';
import type { Throttle } from './dynamodb-throttle.ts';

/** A table as `CreateTable` takes it. */
export type Table = CreateTableCommandInput;

/**
 * DynamoDB by dynalite, in memory, in this process, on a loopback port of its own. dynalite checks no signatures:
 * the front door has done that before, and passes requests on as they came.
 */
export async function dynamoDb(
  place: Place,
  tables: readonly Table[],
  admission: Admission,
  throttle: Throttle,
): Promise<RawService & { close(): Promise<void> }> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  const protocol = awsJson('1.0');
  for (const table of tables) await createTable(agent, port, table);
  return {
    protocol,
    handle: async (request, caller) => {
      const { action, input } = protocol.read(request, Buffer.from(request.body));
      const context = leadingKeys(tables, input);
      for (const resource of resourcesOf(place, input))
        admission.record({ service: 'dynamodb', action, ...(resource && { resource }), ...context }, caller);
      if (throttle.refuses(optional(input, 'TableName'), action))
        return protocol.fail(new AwsError('ProvisionedThroughputExceededException', TOO_MUCH));
      return await forward(agent, port, request);
    },
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const TOO_MUCH = 'The level of configured provisioned throughput for the table was exceeded.';

/** Tables and indexes that a call touches; batches and transactions name several. */
function resourcesOf({ region, account }: Place, input: Input): (string | undefined)[] {
  const arn = (table: string) =>
    table.startsWith('arn:') ? table : `arn:aws:dynamodb:${region}:${account}:table/${table}`;
  const table = optional(input, 'TableName');
  const index = optional(input, 'IndexName');
  if (table !== undefined) return [index === undefined ? arn(table) : `${arn(table)}/index/${index}`];
  const batch = Object.keys(object(input.RequestItems));
  return batch.length > 0 ? batch.map(arn) : [undefined];
}

/** The values of the partition key that a call names (IAM's `dynamodb:LeadingKeys`). */
function leadingKeys(tables: readonly Table[], input: Input) {
  const table = tables.find(({ TableName }) => TableName === input.TableName);
  const key = table?.KeySchema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName;
  if (key === undefined) return {};
  const named = object(input.Key)[key] ?? object(input.Item)[key] ?? queried(input, key);
  const value = Object.values(object(named))[0];
  return value === undefined ? {} : { context: { 'dynamodb:LeadingKeys': [String(value)] } };
}

/** `pk = :p`, or `#p = :p`, in a Query's condition. */
function queried(input: Input, key: string): unknown {
  const names = object(input.ExpressionAttributeNames);
  const equals = [...String(input.KeyConditionExpression ?? '').matchAll(/(#?\w+)\s*=\s*(:\w+)/g)];
  const found = equals.find(([, name = '']) => (names[name] ?? name) === key);
  return object(input.ExpressionAttributeValues)[found?.[2] ?? ''];
}

function forward(
  agent: Agent,
  port: number,
  { method, target, headers, body }: SignedRequest,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const options = { agent, host: '127.0.0.1', port, method, path: target, headers };
    const outgoing = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 500, ...kept(response.headers, chunks) }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const PASSED = ['content-type', 'x-amz-crc32', 'x-amzn-requestid'];

function kept(
  headers: NodeJS.Dict<string | string[]>,
  chunks: Buffer[],
): Pick<RawAnswer, 'headers' | 'body'> {
  const passed = PASSED.flatMap((name) =>
    headers[name] === undefined ? [] : [[name, String(headers[name])]],
  );
  return { headers: Object.fromEntries(passed), body: Buffer.concat(chunks) };
}

async function createTable(agent: Agent, port: number, table: Table): Promise<void> {
  const answer = await forward(agent, port, {
    method: 'POST',
    target: '/',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.CreateTable',
      'x-amz-date': '20260101T000000Z',
      // dynalite wants to see the three parts and does not look at them.
      authorization:
        'AWS4-HMAC-SHA256 Credential=a/20260101/b/dynamodb/aws4_request, SignedHeaders=a, Signature=a',
    },
    body: Buffer.from(JSON.stringify(table)),
  });
  if (answer.status === 200) return;
  throw new AwsError('InvalidTable', `creating the table ${table.TableName}: ${answer.body}`, answer.status);
}
