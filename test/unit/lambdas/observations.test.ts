import { expect, it } from 'vitest';
import { observationsOf } from '../../../lambdas/deploy/observations.ts';
import type { RolloutRequest } from '../../../lib/rollout/request.ts';
import { releaseOf } from '../rollout/state.ts';

const NOTHING = { operations: 0, bytes: 0 };
const job = (name: string, activeDeadlineSeconds: number) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: { activeDeadlineSeconds },
});

function applying(jobs: ReturnType<typeof job>[], more: object = {}): RolloutRequest {
  const subject = { delivery: 'd', app: 'web', commit: 'c' };
  const release = { ...releaseOf(), jobs };
  return { subject, release, fence: 1, do: 'apply', phase: 0, ...more } as RolloutRequest;
}

it('follows a rollout for as long as its jobs may take, beside its pods', () => {
  const { most, pauseSeconds } = observationsOf(applying([job('a', 7200), job('b', 14_400)]), NOTHING);
  expect(most * 50).toBeGreaterThanOrEqual(7200 + 14_400 + 3600);
  // Two operations each, of three thousand.
  expect(most * 2).toBeLessThan(1200);
  expect(pauseSeconds).toBe(0);
});

it('does not wait longer where no jobs are run', () => {
  const { most } = observationsOf(applying([]), NOTHING);
  expect(observationsOf(applying([job('a', 7200)], { back: true }), NOTHING)).toEqual({
    most,
    pauseSeconds: 0,
  });
});

it('sleeps in between where the history would not hold all that is written', () => {
  const request = applying([job('a', 21_600)], { ballast: 'x'.repeat(300_000) });
  const { most, pauseSeconds } = observationsOf(request, NOTHING);
  expect(pauseSeconds).toBeGreaterThan(0);
  const times = 21_600 / (50 + pauseSeconds);
  expect(times).toBeLessThan(most);
  expect(times * JSON.stringify(request).length).toBeLessThan(80_000_000);
});
