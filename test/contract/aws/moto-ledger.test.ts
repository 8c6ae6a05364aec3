import { afterAll, describe, vi } from 'vitest';
import { startMoto, whyNoMoto } from './moto.ts';

/** The ledger's own tests, which speak to a DynamoDB. */
const TESTS = ['ledger', 'interventions', 'owners', 'recover'];

const why = whyNoMoto();
const moto = why === undefined ? await startMoto() : undefined;
afterAll(async () => {
  vi.unstubAllEnvs();
  await moto?.close();
});

describe.skipIf(moto === undefined)(`moto's DynamoDB${why === undefined ? '' : ` (${why})`}`, () => {
  for (const name of TESTS)
    describe(name, async () => {
      if (moto === undefined) return;
      vi.stubEnv('FAIRLEAD_TEST_DYNAMODB', moto.endpoint);
      await import(`../../unit/ledger/${name}.test.ts`);
    });
});
