import { ABSENT, EXPIRES, type Table } from './table.ts';
import type { BadCommit, Environment } from './types.ts';

/** The commits that environments do not take, each an item that stays until a person says otherwise. */
export class BadCommits {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Of several reasons the first stays. */
  async mark(environment: Environment, bad: BadCommit): Promise<void> {
    await this.#table.put(environment, key(bad.commit), { ...bad }, ABSENT);
  }

  async get(environment: Environment, commit: string): Promise<BadCommit | undefined> {
    const item = await this.#table.get(environment, key(commit));
    return item && { commit, reason: String(item.reason), at: String(item.at) };
  }

  async forgive(environment: Environment, commit: string): Promise<void> {
    await this.#table.delete(environment, key(commit));
  }

  /** The last ones by their ids, which is any order. */
  async list(environment: Environment): Promise<BadCommit[]> {
    const found = await this.#table.last(environment, 'bad#', Number.POSITIVE_INFINITY, [
      'commit',
      'reason',
      'at',
    ]);
    return found as unknown as BadCommit[];
  }

  /** Lets them go in time, with their environment. `expires`: seconds since the epoch. */
  async expireAll(environment: Environment, expires: number): Promise<void> {
    for (const { commit } of await this.list(environment)) {
      await this.#table.update(environment, key(commit), {
        UpdateExpression: `SET ${EXPIRES} = :expires`,
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':expires': expires },
      });
    }
  }
}

function key(commit: string): string {
  return `bad#${commit}`;
}
