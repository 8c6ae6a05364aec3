import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrivals, busyHours, peak, together } from '../../../bench/scale/arrivals.ts';
import { costOf, idleItems, monthItems, pushItems } from '../../../bench/scale/costs.ts';
import counts from '../../../bench/scale/counts.json' with { type: 'json' };
import { repositoriesFor } from '../../../bench/scale/counts.ts';
import { loads } from '../../../bench/scale/loads.ts';
import { PRICES } from '../../../bench/scale/prices.ts';
import { firstToBreak } from '../../../bench/scale/quotas.ts';
import { ownItems, withTables } from '../../../bench/scale/tables.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const DOCS = join(ROOT, 'docs', 'costs.md');

describe('docs/costs.md', () => {
  test('has no number in its tables but what the counts and the prices give', () => {
    const text = readFileSync(DOCS, 'utf8');
    expect(withTables(text, counts)).toBe(text);
  });

  test('says of every price where it was read, or that nobody has confirmed it', () => {
    const text = readFileSync(DOCS, 'utf8');
    for (const { unit, source } of Object.values(PRICES)) {
      const line = text.split('\n').find((each) => each.startsWith(`| ${unit} |`)) ?? '';
      expect(line).toContain(source === 'unconfirmed' ? 'not confirmed' : source.page);
    }
  });
});

test('the README says what an idle installation costs beside its cluster, to the dollar', () => {
  const [, said] = /some \$(\d+) a month/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
  expect(Number(said)).toBe(Math.round(costOf(ownItems(counts), 'us-east-1')));
});

test('of metrics, those that the clock writes are paid for all month, and a push’s in the hours in which it writes them', () => {
  const idle = idleItems(counts).find(({ what }) => what.startsWith('metrics ('));
  expect(idle?.quantity).toBe(4);
  // Two pushes of two apps within an hour, and one an hour later.
  expect(busyHours([0, 60, 3601], 2)).toEqual({ all: 2, ofApps: 3 });
  const month = (ofAll: number, ofApp: number) =>
    monthItems({ ...counts, metrics: { ofAll, ofApp } }, 1000)[0]?.quantity ?? 0;
  const hours = busyHours(arrivals({ perMonth: 1000, seed: 1 }), repositoriesFor(1000));
  expect(month(7, 5)).toBeCloseTo((7 * hours.all + 5 * hours.ofApps) / 730, 10);
  expect(month(2, 0)).toBeLessThanOrEqual(2);
});

describe('arrivals', () => {
  test('come as often as they are asked for, in order, within the month', () => {
    fc.assert(
      fc.property(fc.integer({ min: 500, max: 20_000 }), fc.integer(), (perMonth, seed) => {
        const times = arrivals({ perMonth, seed });
        expect(Math.abs(times.length - perMonth)).toBeLessThan(perMonth * 0.05 + 12 * Math.sqrt(perMonth));
        expect([...times].sort((a, b) => a - b)).toEqual(times);
        expect(times.at(-1) ?? 0).toBeLessThan(30 * 86_400 + 60);
      }),
      { numRuns: 20 },
    );
  });

  test('are the same for the same seed, and mostly in working hours', () => {
    const times = arrivals({ perMonth: 5000, seed: 7 });
    expect(arrivals({ perMonth: 5000, seed: 7 })).toEqual(times);
    const atWork = times.filter((time) => (time / 3600) % 24 >= 8 && (time / 3600) % 24 < 18);
    expect(atWork.length / times.length).toBeGreaterThan(0.8);
  });

  test('have their peak where they are closest together', () => {
    expect(peak([0, 10, 10.2, 10.9, 11.5, 50], 1)).toBe(3);
    expect(peak([], 1)).toBe(0);
  });

  test('wait for their turn where only so many are let in', () => {
    expect(together([0, 0, 0, 0], 10)).toEqual({ most: 4, longestWait: 0 });
    expect(together([0, 0, 0, 0], 10, 2)).toEqual({ most: 2, longestWait: 10 });
  });
});

test('twice the work costs twice as much, and more pushes use up no less of any limit', () => {
  const items = pushItems(counts, 'function');
  const doubled = items.map((item) => ({ ...item, quantity: item.quantity * 2 }));
  expect(costOf(doubled, 'us-east-1')).toBeCloseTo(2 * costOf(items, 'us-east-1'), 12);
  const [few, many] = [loads(counts, 1000), loads(counts, 100_000)];
  for (const [row, load] of few.entries()) expect(many[row]?.peak ?? 0).toBeGreaterThanOrEqual(load.peak);
});

describe('of the limits', () => {
  const peakOf = (what: RegExp, perMonth: number, more: object = {}) =>
    loads({ ...counts, ...more }, perMonth).find((load) => what.test(load.what))?.peak ?? Number.NaN;

  test('the cluster’s API is asked by as many rollouts as go on at once', () => {
    const [few, many] = [10, 100_000].map((perMonth) => peakOf(/EKS API/, perMonth));
    expect(few).toBeCloseTo(counts.requests.kubernetes, 10);
    expect(many).toBeGreaterThanOrEqual(2 * counts.requests.kubernetes);
  });

  test('the git host is asked by the sweep about every repository, twelve times an hour', () => {
    const asked = (gitHost: number) => peakOf(/git host/, 100_000, { sweep: { gitHost } });
    expect(asked(2) - asked(0)).toBe(2 * 12 * repositoriesFor(100_000));
    expect(repositoriesFor(100_000)).toBe(500);
  });

  test('GitHub’s for content are counted by what writes, a minute and an hour', () => {
    expect(peakOf(/statuses, a minute/, 100_000)).toBe(
      peak(arrivals({ perMonth: 100_000, seed: 1 }), 60) * counts.requests.gitHostWrites,
    );
    expect(loads(counts, 10).filter(({ what }) => /statuses/.test(what))).toMatchObject([
      { limit: 80 },
      { limit: 500 },
    ]);
  });

  test('those of engines that are not asked, and those that nobody knows, are not the first to break', () => {
    const all = loads(counts, 100_000);
    const shown = all.map(({ only, limit }) => [only, limit]);
    expect(shown).toContainEqual(['codebuild', 1]);
    expect(shown).toContainEqual(['microvm', 'unknown']);
    expect(firstToBreak(all).only).toBeUndefined();
  });
});
