import { afterAll, beforeAll, beforeEach } from 'vitest';
import { Ledger } from '../../../lib/ledger/ledger.ts';
import type { Environment } from '../../../lib/ledger/types.ts';
import type { Release } from '../../../lib/release/types.ts';
import { NO_BAKE } from '../lambdas/deployed.ts';
import { startDynamoDB } from './dynamodb.ts';

export const commit = (letter: string) => letter.repeat(40);
export const by = (execution: string) => ({ execution, delivery: `delivery of ${execution}` });

/** A ledger with a clock of its own, and for each test of the file an environment that nothing is known of. */
export class LedgerScene {
  db!: Awaited<ReturnType<typeof startDynamoDB>>;
  ledger!: Ledger;
  environment!: Environment;
  /** ms */
  now = 0;
  #apps = 0;

  constructor() {
    beforeAll(async () => {
      this.db = await startDynamoDB();
    });
    afterAll(() => this.db.close());
    beforeEach(() => {
      this.environment = { app: `web-${this.#apps++}`, name: 'production' };
      this.now = Date.parse('2026-01-01T00:00:00Z');
      this.ledger = new Ledger(this.db.client, this.db.table, () => this.now);
    });
  }

  release = (number: number, letter: string, resources: Release['resources'] = []): Release => ({
    number,
    app: this.environment.app,
    environment: this.environment.name,
    namespace: this.environment.app,
    commit: commit(letter),
    image: `registry/web@sha256:${letter}`,
    port: 8080,
    jobs: [],
    resources,
    strategy: { kind: 'rolling' },
    bake: NO_BAKE,
    createdAt: new Date(this.now).toISOString(),
  });

  /** A release that was begun: claimed, and made. */
  begin = async (execution: string, letter: string): Promise<{ fence: number; number: number }> => {
    const claimed = await this.ledger.claim(this.environment, by(execution), async () => commit(letter));
    if (claimed.is !== 'claimed') throw new Error(claimed.is);
    const { fence } = claimed;
    const made = await this.ledger.release(this.environment, fence, (number) => this.release(number, letter));
    if (made.is !== 'made') throw new Error(made.is);
    return { fence, number: made.release.number };
  };

  /** The whole way of a commit that comes up; answers its fence. */
  deploy = async (execution: string, letter: string): Promise<number> => {
    const { fence, number } = await this.begin(execution, letter);
    const runs = { release: number, commit: commit(letter), url: 'http://web/' };
    await this.ledger.settle(this.environment, { fence, runs }, [
      { number, verdict: { is: 'live', url: 'http://web/' } },
    ]);
    return fence;
  };
}
