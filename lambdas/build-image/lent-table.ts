import { randomBytes } from 'node:crypto';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';

/** Seconds after which what was lent is good for nothing, and may go. */
const LIFE = 3 * 3600;

export interface LentThings {
  /** Of registries. */
  password: string;
  /** The header by which the git host gives the commit, where that is made for each build. */
  authorization?: string;
}

/**
 * Hands what is lent to a build to the machine that carries it out. A build may read whatever begins with `lent/`, as far
 * as it knows its name: names are random, and each build is told its own alone. They stay the same for a repository, so
 * that a build that is asked for again is asked for by the same request.
 */
export class LentTable {
  readonly name: string;
  readonly #client: DynamoDBDocumentClient;

  /** `name`: of a table with the key `name`, a string, and the time-to-live attribute `expires`. */
  constructor(name: string, client = new DynamoDBClient({})) {
    this.name = name;
    this.#client = DynamoDBDocumentClient.from(client);
  }

  /** Leaves `what` for builds of `repository`. @returns by what name it is read */
  async leave(repository: string, what: LentThings): Promise<string> {
    const name = await this.#nameFor(repository);
    const expires = Math.floor(Date.now() / 1000) + LIFE;
    await this.#client.send(new PutCommand({ TableName: this.name, Item: { name, ...what, expires } }));
    return name;
  }

  async #nameFor(repository: string): Promise<string> {
    const key = `name/${repository}`;
    const known = await this.#known(key);
    if (known !== undefined) return known;
    const given = `lent/${randomBytes(32).toString('hex')}`;
    const put = new PutCommand({
      TableName: this.name,
      Item: { name: key, given },
      ConditionExpression: 'attribute_not_exists(#name)',
      ExpressionAttributeNames: { '#name': 'name' },
    });
    try {
      await this.#client.send(put);
      return given;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // Another build of the same app came first.
      return (await this.#known(key)) ?? given;
    }
  }

  async #known(key: string): Promise<string | undefined> {
    const get = new GetCommand({ TableName: this.name, Key: { name: key }, ConsistentRead: true });
    const { Item } = await this.#client.send(get);
    return typeof Item?.given === 'string' ? Item.given : undefined;
  }
}
