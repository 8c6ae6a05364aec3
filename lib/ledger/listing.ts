import type { Push } from '../push/types.ts';
import { keyOf, type Table } from './table.ts';
import type { Environment } from './types.ts';

/** An environment that something was deployed to, or tried to be. */
export interface Listed extends Environment {
  /** The push of the newest claim: where its branch is, and where it runs. */
  push: Push;
  /** ISO 8601: when that was claimed. */
  pushedAt: string;
}

/** The list of all environments: one partition with an item for each, until the environment is removed. */
export class Listing {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Enters an environment, or its newer push. */
  async enter(environment: Environment, fence: number, push: Push, pushedAt: string): Promise<void> {
    await this.#table.put(
      'environments',
      keyOf(environment),
      { ...environment, fence, push, pushedAt },
      {
        ConditionExpression: 'attribute_not_exists(pk) OR fence <= :fence',
        ExpressionAttributeValues: { ':fence': fence },
      },
    );
  }

  async get(environment: Environment): Promise<Listed | undefined> {
    const item = await this.#table.get('environments', keyOf(environment));
    if (item === undefined) return undefined;
    const { fence: _fence, ...listed } = item;
    return listed as unknown as Listed;
  }

  async all(): Promise<Listed[]> {
    const attributes = ['app', 'name', 'push', 'pushedAt'];
    const found = await this.#table.last(
      'environments',
      'environment#',
      Number.POSITIVE_INFINITY,
      attributes,
    );
    return found.reverse() as unknown as Listed[];
  }

  /** Takes an environment off the list, unless it was claimed anew since `fence`. */
  async strike(environment: Environment, fence: number): Promise<void> {
    await this.#table.delete('environments', keyOf(environment), {
      ConditionExpression: 'attribute_not_exists(pk) OR fence <= :fence',
      ExpressionAttributeValues: { ':fence': fence },
    });
  }
}
