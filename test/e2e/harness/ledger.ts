import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { runningClouds } from '../../../bin/running-clouds.ts';

const TableName = 'fairlead-ledger';

type Item = Record<string, unknown>;

/** The table of the local cloud of the process `pid`, in the hands of whoever loses and restores it. */
export class LedgerTable {
  readonly #client: DynamoDBDocumentClient;

  private constructor(client: DynamoDBDocumentClient) {
    this.#client = client;
  }

  static async of(pid: number): Promise<LedgerTable> {
    const cloud = (await runningClouds()).find((running) => running.pid === pid);
    if (cloud === undefined) throw new Error(`the local cloud ${pid} has left no word`);
    const { region, accessKeyId, secretAccessKey, endpoints } = cloud;
    const endpoint = endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? '';
    const client = new DynamoDBClient({ region, endpoint, credentials: { accessKeyId, secretAccessKey } });
    return new LedgerTable(DynamoDBDocumentClient.from(client));
  }

  async items(): Promise<Item[]> {
    return (await this.#client.send(new ScanCommand({ TableName }))).Items ?? [];
  }

  async wipe(): Promise<void> {
    for (const { pk, sk } of await this.items())
      await this.#client.send(new DeleteCommand({ TableName, Key: { pk, sk } }));
  }

  /** As a backup is restored: everything is as it was then. */
  async restore(items: readonly Item[]): Promise<void> {
    await this.wipe();
    for (const item of items) await this.#client.send(new PutCommand({ TableName, Item: item }));
  }
}
