import { defineConfig } from 'vitest/config';

/** One project a kind of test; CONTRIBUTING.md tells them apart. */
const KINDS: Record<string, string[]> = {
  unit: ['test/*.test.ts', 'test/unit/**/*.test.ts'],
  stacks: ['test/stacks/**/*.test.ts'],
  e2e: ['test/e2e/**/*.test.ts'],
  contract: ['test/contract/**/*.test.ts'],
};

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: Object.entries(KINDS).map(([name, include]) => ({
      extends: true,
      test: {
        name,
        include,
        ...(name === 'e2e' && { globalSetup: 'test/e2e/harness/shared.ts' }),
        // They start whole clusters and engines, and watch that no request fails meanwhile.
        fileParallelism: name !== 'e2e' && name !== 'contract',
      },
    })),
  },
});
