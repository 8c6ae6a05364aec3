import { afterAll, beforeAll, beforeEach } from 'vitest';
import { Ledger } from '../../../lib/ledger/ledger.ts';
import { startDynamoDB } from '../ledger/dynamodb.ts';
import { AwsStage } from './aws-stage.ts';

/** A function that answers from the ledger and invokes others, and for each test of the file an app that nobody knows. */
export class FunctionScene<Event, Answer> {
  readonly aws = new AwsStage();
  ledger!: Ledger;
  app = '';
  #database?: Awaited<ReturnType<typeof startDynamoDB>>;
  #handler?: (event: Event) => Promise<Answer>;
  #apps = 0;

  /** `load` imports the function, once its environment is there. */
  constructor(load: () => Promise<{ handler: (event: never) => Promise<Answer> }>) {
    beforeAll(async () => {
      const database = await startDynamoDB();
      this.#database = database;
      await this.aws.set({
        DEPLOY_FUNCTION: 'deploy:live',
        SWEEP_FUNCTION: 'sweep:live',
        WATCH_ALARM_FUNCTION: 'watch-alarm',
        RECEIVE_FUNCTION: 'receive-push',
        DEAD_LETTERS_URL: 'http://localhost/1/letters',
        LEDGER_TABLE: database.table,
        AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
      });
      this.ledger = new Ledger(database.client, database.table);
      this.#handler = (await load()).handler as (event: Event) => Promise<Answer>;
    });
    afterAll(async () => {
      await this.aws.strike();
      await this.#database?.close();
    });
    beforeEach(() => {
      this.aws.invoked.length = 0;
      this.app = `web-${this.#apps++}`;
    });
  }

  handler = async (event: Event): Promise<Answer> => {
    if (this.#handler === undefined) throw new Error('the function is not there yet');
    return await this.#handler(event);
  };
}
