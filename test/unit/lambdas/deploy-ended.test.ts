import { describe, expect, test } from 'vitest';
import { type Measurable, measuredOf } from '../../../lambdas/deploy/ended.ts';
import type { Release } from '../../../lib/release/types.ts';

const MADE = Date.parse('2026-01-01T12:00:00Z');
const now = MADE + 60_000;
const back = { is: 'back', release: { createdAt: new Date(MADE).toISOString() } as Release } as const;
const untouched = { is: 'untouched' } as const;
const end = (given: Partial<Measurable>): Measurable => ({
  progress: { joined: false, startedAt: MADE - 10_000 },
  ending: { is: 'live' },
  restored: untouched,
  now,
  byAlarm: false,
  ...given,
});
const measured = (given: Partial<Measurable>) => {
  const { points, takenBackBy } = measuredOf(end(given));
  return [
    ...points.map(([{ metricName }, value]) => `${metricName} ${value}`),
    ...(takenBackBy ? [takenBackBy] : []),
  ];
};
const failed = { is: 'failed', reason: 'why', blame: 'commit' } as const;
const rolledBack = { is: 'rolled-back', number: 3, commit: 'abc', why: 'by ann' } as const;
const bad = {} as NonNullable<Measurable['progress']['bad']>;

describe('the end of a deployment is measured', () => {
  test('that is live: from the claim, and from the webhook, until it served', () => {
    const progress = { joined: false, startedAt: MADE, liveAt: MADE + 5_000 };
    expect(measured({ progress, receivedAt: MADE - 1_000 })).toEqual([
      'DeploymentLive 1',
      'PushToLive 5000',
      'LeadTime 6000',
    ]);
  });

  test('that only a sweep found: without a lead time', () => {
    expect(measured({})).toEqual(['DeploymentLive 1', 'PushToLive 70000']);
  });

  test('that failed before it served: nothing was taken back', () => {
    expect(measured({ ending: failed })).toEqual(['DeploymentFailed 1']);
  });

  test('that its bake took back: failed, taken back, and restored since the release that brings back', () => {
    const progress = { joined: false, startedAt: MADE - 10_000, liveAt: MADE - 1_000, bad };
    expect(measured({ ending: failed, progress, restored: back })).toEqual([
      'DeploymentFailed 1',
      'ReleaseTakenBack 1',
      'TimeToRestore 60000',
      'bake',
    ]);
  });

  test('that its bake took back, and could not be restored: the next good one ends that', () => {
    const progress = { joined: false, bad };
    expect(measured({ ending: failed, progress, restored: { is: 'not-restored', reason: 'away' } })).toEqual([
      'DeploymentFailed 1',
      'ReleaseTakenBack 1',
      'bake',
    ]);
    expect(measured({ brokenSince: now - 5_000 })).toContain('TimeToRestore 5000');
  });

  test.each([
    [false, 'person'],
    [true, 'alarm'],
  ])('that is a rollback: since its claim (by an alarm: %s)', (byAlarm, whom) => {
    expect(measured({ ending: rolledBack, restored: back, byAlarm })).toEqual([
      'ReleaseTakenBack 1',
      'TimeToRestore 70000',
      whom,
    ]);
  });

  test('that is nobody’s concern, or that another execution brought about: not at all', () => {
    expect(measured({ ending: { is: 'unchanged' } })).toEqual([]);
    expect(measured({ progress: { joined: true } })).toEqual([]);
    expect(measured({ ending: { is: 'superseded', by: 'abc' } })).toEqual(['DeploymentSuperseded 1']);
  });
});
