import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What has the machine to itself: constant load, and a restart of what others work with. */
const ALONE = ['test/contract/**/*-{load,restart}.test.ts'];
/** The handlers of the functions, which keep what a function keeps between invocations. */
const FUNCTIONS = ['test/unit/lambdas/**/*.test.ts'];

interface Kind {
  include: string[];
  exclude?: string[];
  /** Those with the same number run beside each other. */
  groupOrder: number;
  /** Files at a time, of a group: more than there are processors, because some wait more than they work. */
  maxWorkers: number;
  /** Whether each file has a process of its own. */
  isolate: boolean;
  globalSetup?: string;
}

const FIRST = { groupOrder: 0, maxWorkers: 4 };
const CONTRACT = { groupOrder: 1, maxWorkers: 3, isolate: true };

/** One project a kind of test; CONTRIBUTING.md tells them apart. */
const KINDS: Record<string, Kind> = {
  e2e: {
    ...FIRST,
    include: ['test/e2e/**/*.test.ts'],
    isolate: true,
    globalSetup: 'test/e2e/harness/shared.ts',
  },
  functions: { ...FIRST, include: FUNCTIONS, isolate: true },
  stacks: { ...FIRST, include: ['test/stacks/**/*.test.ts'], isolate: false },
  unit: {
    ...FIRST,
    include: ['test/*.test.ts', 'test/unit/**/*.test.ts'],
    exclude: FUNCTIONS,
    isolate: false,
  },
  contract: { ...CONTRACT, include: ['test/contract/**/*.test.ts'], exclude: ALONE },
  'contract-alone': { ...CONTRACT, groupOrder: 2, maxWorkers: 1, include: ALONE },
};

/** The longest first, lest the end wait for one of them alone: what has to do with a real cluster, above all rollouts. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    const rank = ({ moduleId }: TestSpecification) => RANKS.findIndex((rank) => rank.test(moduleId));
    return sorted.toSorted((one, other) => group(one) - group(other) || rank(one) - rank(other));
  }
}

const RANKS = [/rollout\/real-cluster(-apps)?\.test/, /real-cluster/, /(?:)/];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What functions measure is no test's output; those that are about it turn it on.
    env: { POWERTOOLS_METRICS_DISABLED: 'true' },
    setupFiles: ['test/surroundings.ts'],
    sequence: { sequencer: LongestFirst },
    projects: Object.entries(KINDS).map(([name, { groupOrder, ...kind }]) => ({
      extends: true,
      test: { name, ...kind, sequence: { groupOrder } },
    })),
  },
});
