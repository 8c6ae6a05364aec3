import { describe, inject } from 'vitest';
import { rollbackSuite } from './harness/rollback-suite.ts';

describe('an app that is brought back', { timeout: 180_000 }, () => {
  rollbackSuite({ name: 'back', cloud: () => inject('cloud') });
});
