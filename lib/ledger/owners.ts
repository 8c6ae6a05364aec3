import { isSame } from '../push/origin.ts';
import type { Origin } from '../push/types.ts';
import { ABSENT, type Table } from './table.ts';

/** Whose app it is: an app is named after its repository, and two owners may have one of the same name. */
export type Owned = { is: 'ours' } | { is: 'taken'; by: Origin };

/** Which repository each app is of: the first that was deployed, for good. */
export class Owners {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Takes the app for `origin`, if no other repository has it. */
  async take(app: string, { host, owner, repository }: Origin): Promise<Owned> {
    const wanted = { host, owner, repository };
    const known = await this.of(app);
    if (known === undefined && (await this.#table.put('environments', keyOf(app), wanted, ABSENT)))
      return { is: 'ours' };
    const by = known ?? (await this.of(app)) ?? wanted;
    return isSame(by, wanted) ? { is: 'ours' } : { is: 'taken', by };
  }

  /** Whose the app is; undefined where nobody has deployed it. */
  async of(app: string): Promise<Origin | undefined> {
    return (await this.#table.get('environments', keyOf(app))) as Origin | undefined;
  }

  /** Hands the app over from `before`, whose repository is called otherwise now. Answers whether it still was its. */
  async hand(app: string, before: Origin, { host, owner, repository }: Origin): Promise<boolean> {
    return await this.#table.put(
      'environments',
      keyOf(app),
      { host, owner, repository },
      {
        ConditionExpression: '#owner = :owner AND #repository = :repository',
        ExpressionAttributeNames: { '#owner': 'owner', '#repository': 'repository' },
        ExpressionAttributeValues: { ':owner': before.owner, ':repository': before.repository },
      },
    );
  }
}

/** Beside the environments, and none of them (listing.ts). */
function keyOf(app: string): string {
  return `app#${app}`;
}
