import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Measurable, measuredOf } from '../../../lambdas/deploy/ended.ts';
import type { Release } from '../../../lib/release/types.ts';
import { measure } from '../../../lib/report/measure.ts';
import { METRICS, PREVIEWS } from '../../../lib/report/metrics.ts';
import type { Watched } from '../../../lib/stacks/alarm-definitions.ts';
import { deliveryWidgets } from '../../../lib/stacks/dashboard-delivery.ts';
import { MetricData } from '../../../local/aws/services/cloudwatch-data.ts';
import { embeddedMetrics } from '../../../local/aws/services/cloudwatch-embedded.ts';
import { readQueries, valuesOf } from '../../../local/aws/services/cloudwatch-queries.ts';

const DAY = 86_400;
const MONDAY = Date.parse('2026-01-05T00:00:00Z') / 1000;
const MINUTE = 60_000;

let data: MetricData;
beforeEach(() => {
  data = new MetricData(() => Date.now());
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  // What functions print is what CloudWatch reads.
  vi.spyOn(console, 'log').mockImplementation((line: string) => {
    for (const { namespace, datum } of embeddedMetrics(JSON.parse(line), 0)) data.put(namespace, datum);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The end of a deployment, `hour` of the `day`th day from Monday, measured as lambdas/deploy/settle.ts does. */
function ended(day: number, hour: number, given: Partial<Measurable>, preview = false): void {
  const now = (MONDAY + day * DAY + hour * 3600) * 1000;
  vi.setSystemTime(now);
  const progress = { joined: false, startedAt: now, liveAt: now };
  const end: Measurable = {
    ...{ progress, ending: { is: 'live' }, restored: { is: 'untouched' }, byAlarm: false, now },
    ...given,
  };
  const { points, takenBackBy } = measuredOf(end);
  if (preview) measure(points, {}, PREVIEWS);
  else measure(points, { app: 'shop', ...(takenBackBy && { takenBackBy }) });
}

/** A release that served `minutes` after its webhook. */
const live = (day: number, hour: number, minutes: number, preview = false) =>
  ended(day, hour, { receivedAt: (MONDAY + day * DAY + hour * 3600) * 1000 - minutes * MINUTE }, preview);

const FAILED = { is: 'failed', reason: 'why', blame: 'commit' } as const;
const BAD = {} as NonNullable<Measurable['progress']['bad']>;

/** A release whose bake found it bad, and which was gone again after so many minutes. */
function takenBackByBake(day: number, hour: number, minutes: number): void {
  const now = (MONDAY + day * DAY + hour * 3600) * 1000;
  const release = { createdAt: new Date(now - minutes * MINUTE).toISOString() } as Release;
  ended(day, hour, {
    progress: { joined: false, bad: BAD },
    ending: FAILED,
    restored: { is: 'back', release },
  });
}

function rolledBack(day: number, hour: number, minutes: number, byAlarm: boolean): void {
  const now = (MONDAY + day * DAY + hour * 3600) * 1000;
  ended(day, hour, {
    ...{ progress: { joined: false, startedAt: now - minutes * MINUTE }, byAlarm },
    ending: { is: 'rolled-back', number: 9, commit: 'abc', why: 'it was bad' },
    restored: { is: 'back', release: { createdAt: new Date(now).toISOString() } as Release },
  });
}

/** What a widget of the dashboard draws for Monday, Tuesday and Wednesday, by the names of its lines. */
function drawn(title: string): Record<string, readonly (number | undefined)[]> {
  const widgets = deliveryWidgets({ measured: METRICS } as unknown as Watched, 'eu-west-1').flat();
  const widget = widgets.find(({ properties }) => properties.title === title);
  const lines = widget?.properties.metrics as unknown[][];
  const named = lines.map((line, at) => {
    const how = line.at(-1) as Record<string, unknown>;
    const id = String(how.id ?? `line${at}`);
    if (how.expression !== undefined) return { how, query: { Id: id, Expression: how.expression } };
    const [Namespace, MetricName, ...rest] = line.slice(0, -1);
    const Dimensions = rest.flatMap((Name, i) => (i % 2 === 0 ? [{ Name, Value: rest[i + 1] }] : []));
    return {
      how,
      query: { Id: id, MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Stat: how.stat } },
    };
  });
  const queries = readQueries(named.map(({ query }) => query));
  const starts = [MONDAY, MONDAY + DAY, MONDAY + 2 * DAY];
  expect(widget?.properties.period).toBe(DAY);
  return Object.fromEntries(
    named
      .filter(({ how }) => how.visible !== false)
      .map(({ how, query }) => [String(how.label), valuesOf(data, queries, query.Id, starts, DAY)]),
  );
}

describe('the four numbers on the dashboard, of known days', () => {
  beforeEach(() => {
    // Monday: nine releases served. One of them its bake took back, another one an alarm.
    for (const [at, minutes] of [3, 4, 5, 6, 7, 8, 9, 40].entries()) live(0, 8 + at, minutes);
    takenBackByBake(0, 17, 2);
    rolledBack(0, 18, 6, true);
    // None of these served.
    ended(0, 19, { ending: FAILED });
    ended(0, 20, { ending: { is: 'superseded', by: 'a newer one' } });
    // Another execution counts what this one only waited for; previews are nobody's production.
    ended(0, 21, { progress: { joined: true } });
    live(0, 22, 500, true);
    // Tuesday: one release, and a bake takes it back. Wednesday: nothing.
    takenBackByBake(1, 9, 10);
  });

  test('deployment frequency: releases that came to be live', () => {
    expect(drawn('Deployment frequency')).toEqual({ live: [8, undefined, undefined] });
  });

  test('lead time: from the webhook until it served, half of them and the longest', () => {
    expect(drawn('Lead time, from push to live')).toEqual({
      'half of them': [6 * MINUTE, undefined, undefined],
      longest: [40 * MINUTE, undefined, undefined],
    });
  });

  test('change-failure rate: of those that served, the share that was taken back', () => {
    const [monday, tuesday, wednesday] = drawn('Change-failure rate')['taken back'] ?? [];
    expect(monday).toBeCloseTo((100 * 2) / 9, 10);
    expect(tuesday).toBe(100);
    // Nothing served: there is no share of it.
    expect(wednesday).toBeUndefined();
  });

  test('time to restore: until what is good served again', () => {
    expect(drawn('Time to restore')).toEqual({
      'half of them': [2 * MINUTE, 10 * MINUTE, undefined],
      longest: [6 * MINUTE, 10 * MINUTE, undefined],
    });
  });
});

test('a good day has a rate of 0, and what is taken back later counts on that day', () => {
  live(0, 9, 5);
  live(1, 9, 5);
  rolledBack(1, 10, 3, false);
  rolledBack(2, 10, 3, false);
  // On a day on which nothing else served there is no rate of it; docs/alarms.md says so.
  expect(drawn('Change-failure rate')).toEqual({ 'taken back': [0, 100, undefined] });
});
