import { FairleadError } from '../errors.ts';
import type { Decided } from './claims.ts';
import { EMPTY } from './state.ts';
import { ABSENT, type Attributes, EXPIRES, type Table } from './table.ts';
import type { Environment, State } from './types.ts';

const ATTEMPTS = 12;

/** The states of all environments, each an item that is replaced as a whole, if it still is the one decided on. */
export class States {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async read(environment: Environment): Promise<State> {
    const item: Attributes = (await this.#table.get(environment, 'state')) ?? { ...EMPTY };
    const { [EXPIRES]: _expires, ...state } = item;
    return state as unknown as State;
  }

  /** Reads, decides, writes; again when another execution wrote in between. */
  async decide<A>(
    environment: Environment,
    decide: (state: State) => Decided<A> | Promise<Decided<A>>,
  ): Promise<A> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const state = await this.read(environment);
      const { answer, next } = await decide(state);
      if (next === undefined || (await this.#replace(environment, state, next))) return answer;
      await new Promise((wake) => setTimeout(wake, Math.random() * 20 * 2 ** Math.min(attempt, 5)));
    }
    throw new FairleadError({
      code: 'ledger/contended',
      operation: `changing the state of ${environment.app}/${environment.name}`,
      cause: `others changed it first, ${ATTEMPTS} times in a row`,
      temporary: true,
    });
  }

  async #replace(environment: Environment, state: State, next: State): Promise<boolean> {
    const version = next === state ? state.version : state.version + 1;
    if (version === 0) return true;
    return await this.#table.put(
      environment,
      'state',
      { ...next, version },
      state.version === 0
        ? ABSENT
        : { ConditionExpression: 'version = :seen', ExpressionAttributeValues: { ':seen': state.version } },
    );
  }

  /** Lets the state of an environment go in time, in which nothing was claimed since `fence`. `expires`: seconds. */
  async expire(environment: Environment, fence: number, expires: number): Promise<void> {
    await this.#table.update(environment, 'state', {
      UpdateExpression: `SET ${EXPIRES} = :expires`,
      ConditionExpression: '#claim.#fence = :fence',
      ExpressionAttributeNames: { '#claim': 'claim', '#fence': 'fence' },
      ExpressionAttributeValues: { ':expires': expires, ':fence': fence },
    });
  }
}
