import { describe } from 'vitest';
import { startMoto, whyNoMoto } from './moto.ts';
import { makeFunction, makeTopic } from './moto-resources.ts';
import { reach } from './place.ts';
import { awsSuite } from './suite.ts';

const why = whyNoMoto();

describe.skipIf(why !== undefined)(`moto${why === undefined ? '' : ` (${why})`}`, () => {
  awsSuite('moto', async () => {
    const { endpoint, close } = await startMoto();
    const callee = await makeFunction(endpoint);
    const topic = await makeTopic(endpoint);
    // The account that moto calls its own.
    return { ...reach(endpoint), name: 'moto', account: '123456789012', callee, topic, close };
  });
});
