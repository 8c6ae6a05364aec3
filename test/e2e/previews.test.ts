import { describe } from 'vitest';
import { LocalCloud } from './harness/cloud.ts';
import { previewsSuite } from './harness/previews-suite.ts';

describe('previews', { timeout: 300_000 }, () => {
  previewsSuite({ prefix: '', start: (args) => LocalCloud.start({}, args) });
});
