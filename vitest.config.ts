import { defineConfig } from 'vitest/config';

/** What has the machine to itself: constant load, and a restart of what others work with. */
const ALONE = ['test/contract/**/*-{load,restart}.test.ts'];

interface Kind {
  include: string[];
  exclude?: string[];
  /** Files at a time. */
  workers: number;
  globalSetup?: string;
}

/** One project a kind of test, one after the other; CONTRIBUTING.md tells them apart. */
const KINDS: Record<string, Kind> = {
  unit: { include: ['test/*.test.ts', 'test/unit/**/*.test.ts'], workers: 2 },
  stacks: { include: ['test/stacks/**/*.test.ts'], workers: 2 },
  e2e: { include: ['test/e2e/**/*.test.ts'], workers: 2, globalSetup: 'test/e2e/harness/shared.ts' },
  // They wait for pods more than they work.
  contract: { include: ['test/contract/**/*.test.ts'], exclude: ALONE, workers: 3 },
  'contract-alone': { include: ALONE, workers: 1 },
};

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What functions measure is no test's output; those that are about it turn it on.
    env: { POWERTOOLS_METRICS_DISABLED: 'true' },
    projects: Object.entries(KINDS).map(([name, { workers, ...files }], groupOrder) => ({
      extends: true,
      test: { name, ...files, maxWorkers: workers, sequence: { groupOrder } },
    })),
  },
});
