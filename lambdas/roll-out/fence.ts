import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Ledger } from '../../lib/ledger/ledger.ts';

let ledger: Ledger | undefined;

/** The fencing number of the newest claim of `environment`, by the ledger in `table`. */
export async function newestFence(
  table: string,
  environment: { app: string; name: string },
): Promise<number | undefined> {
  ledger ??= new Ledger(new DynamoDBClient({}), table);
  return (await ledger.newestClaim(environment))?.fence;
}
