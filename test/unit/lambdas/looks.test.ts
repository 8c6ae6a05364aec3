import { expect, test } from 'vitest';
import { looks } from '../../../lambdas/deploy/looks.ts';

test('looks come soon at first, for longer than a build may take, and are few enough for one execution', () => {
  const all = [...looks()];
  expect(all.slice(0, 10)).toEqual(Array(10).fill(3));
  expect(Math.max(...all)).toBe(10);
  const seconds = all.reduce((sum, pause) => sum + pause, 0);
  // What runs in a MicroVM breaks a build off after 75 minutes, and CodeBuild after an hour.
  expect(seconds + all.length * 2).toBeGreaterThan(80 * 60);
  // An execution may last 120 minutes, and have 3,000 operations.
  expect(seconds + all.length * 5).toBeLessThan(115 * 60);
  expect(all.length * 3).toBeLessThan(2_000);
});
