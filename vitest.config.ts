import { defineConfig } from 'vitest/config';

// One project a kind of test (CONTRIBUTING.md tells them apart); `npm test` runs what needs no root.
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: ['unit', 'stacks', 'contract', 'e2e'].map((name) => ({
      extends: true,
      test: { name, include: [`test/${name}/**/*.test.ts`] },
    })),
  },
});
