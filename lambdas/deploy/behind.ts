import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { FairleadError } from '../../lib/errors.ts';
import { step } from './patience.ts';
import { environmentOf, ledger, type Order } from './services.ts';

const CODE = 'ledger/behind';

/**
 * The cluster says that the claim `by` has written to it. Where the ledger never gave that fence, nobody came before:
 * the ledger has lost what it knew, or is not the one that the cluster was deployed with. Taking the fence over without
 * being asked would let two installations take turns on one cluster, so a person has to say it.
 * @throws FairleadError `ledger/behind`
 */
export async function failIfBehind(context: DurableContext, order: Order, by: number): Promise<void> {
  const environment = environmentOf(order);
  const fence = await step(
    context,
    'newest',
    async () => (await ledger.newestClaim(environment))?.fence ?? 0,
  );
  if (by <= fence) return;
  throw new FairleadError({
    code: CODE,
    operation: `deploying ${environment.app} to ${environment.name}`,
    cause: `the cluster was written to by claim ${by}, and the ledger knows of ${fence} claims: it was lost, or restored to an earlier time, or another installation deploys there`,
    remedy: 'run `npx fairlead recover`, if it is this installation that deploys there; then push again',
  });
}

/** Whether `error` is that of {@link failIfBehind}. */
export function isBehind(error: unknown): boolean {
  return error instanceof FairleadError && error.code === CODE;
}
