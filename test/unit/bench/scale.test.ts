import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrivals, peak, together } from '../../../bench/scale/arrivals.ts';
import { costOf, pushItems } from '../../../bench/scale/costs.ts';
import counts from '../../../bench/scale/counts.json' with { type: 'json' };
import { PRICES } from '../../../bench/scale/prices.ts';
import { loads } from '../../../bench/scale/quotas.ts';
import { withTables } from '../../../bench/scale/tables.ts';

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs', 'costs.md');

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
