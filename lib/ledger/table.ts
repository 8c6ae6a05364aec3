import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { FairleadError, messageOf } from '../errors.ts';
import type { Environment } from './types.ts';

/** Attributes of an item, without its keys. */
export type Attributes = Record<string, unknown>;

/** The time-to-live attribute: seconds since the epoch. */
export const EXPIRES = 'expires';

/** One environment, or the list of all. */
export type Partition = Environment | 'environments';

/**
 * A DynamoDB table with the keys `pk` and `sk`, both strings, and EXPIRES as its time-to-live attribute. One environment
 * is one partition, so that items of two environments never meet; the list of all is another.
 */
export class Table {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBClient, name: string) {
    this.#client = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
    this.#name = name;
  }

  /** The item without its keys. Reads consistently: what was written before the call is seen. */
  async get(environment: Partition, sk: string): Promise<Attributes | undefined> {
    const Key = { pk: partition(environment), sk };
    const read = new GetCommand({ TableName: this.#name, Key, ConsistentRead: true });
    const { Item } = await this.#try('reading the ledger', () => this.#client.send(read));
    if (Item === undefined) return undefined;
    const { pk: _pk, sk: _sk, ...attributes } = Item;
    return attributes;
  }

  /** Answers whether `condition` held, and so whether the item was written. */
  async put(environment: Partition, sk: string, item: Attributes, condition: Condition): Promise<boolean> {
    const Item = { ...item, pk: partition(environment), sk };
    const write = new PutCommand({ TableName: this.#name, Item, ...condition });
    return await this.#conditionally('writing to the ledger', () => this.#client.send(write));
  }

  /** Answers whether `condition` held. */
  async update(environment: Partition, sk: string, change: Change): Promise<boolean> {
    const Key = { pk: partition(environment), sk };
    const write = new UpdateCommand({ TableName: this.#name, Key, ...change });
    return await this.#conditionally('writing to the ledger', () => this.#client.send(write));
  }

  /** Answers whether `condition` held; without one it does. */
  async delete(environment: Partition, sk: string, condition: Condition = {}): Promise<boolean> {
    const Key = { pk: partition(environment), sk };
    const remove = new DeleteCommand({ TableName: this.#name, Key, ...condition });
    return await this.#conditionally('writing to the ledger', () => this.#client.send(remove));
  }

  /**
   * The last `limit` items whose sort key starts with `prefix`, the greatest key first; only `attributes` of them. One
   * answer of DynamoDB ends after 1 MB of whole items, which is soon with large releases, so it is asked again.
   */
  async last(
    environment: Partition,
    prefix: string,
    limit: number,
    attributes: string[],
  ): Promise<Attributes[]> {
    const found: Attributes[] = [];
    let from: Attributes | undefined;
    do {
      const query = new QueryCommand({
        TableName: this.#name,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': partition(environment), ':prefix': prefix },
        ProjectionExpression: attributes.map((attribute) => `#${attribute}`).join(', '),
        ExpressionAttributeNames: Object.fromEntries(attributes.map((name) => [`#${name}`, name])),
        ConsistentRead: true,
        ScanIndexForward: false,
        ...(limit === Number.POSITIVE_INFINITY ? {} : { Limit: limit - found.length }),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      });
      const answer = await this.#try('reading the ledger', () => this.#client.send(query));
      found.push(...(answer.Items ?? []));
      from = answer.LastEvaluatedKey;
    } while (from !== undefined && found.length < limit);
    return found;
  }

  async #conditionally(operation: string, write: () => Promise<unknown>): Promise<boolean> {
    try {
      await this.#try(operation, write);
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async #try<R>(operation: string, call: () => Promise<R>): Promise<R> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) throw error;
      const name = error instanceof Error ? error.name : '';
      const lasting = /^(ResourceNotFound|AccessDenied|Validation|UnrecognizedClient)/.test(name);
      throw new FairleadError(
        {
          code: 'ledger/unavailable',
          operation,
          place: `table ${this.#name}`,
          cause: messageOf(error),
          ...(lasting
            ? { remedy: 'check that the table exists and that the function’s role may use it' }
            : {}),
          temporary: !lasting,
        },
        { cause: error },
      );
    }
  }
}

export type Condition = Pick<
  UpdateCommandInput,
  'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;
/** Holds when there is no item of these keys yet. */
export const ABSENT: Condition = { ConditionExpression: 'attribute_not_exists(pk)' };

export type Change = Condition & { UpdateExpression: string };

/** Apps are DNS labels, so `/` cannot be part of one. */
function partition(of: Partition): string {
  return of === 'environments' ? of : keyOf(of);
}

/** The partition of an environment, and its place in the list of all. */
export function keyOf({ app, name }: Environment): string {
  return `environment#${app}/${name}`;
}
