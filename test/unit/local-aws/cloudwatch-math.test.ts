import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { Expression, type Series } from '../../../local/aws/services/cloudwatch-math.ts';

const series: Record<string, Series> = {
  m1: [1, undefined, 3],
  m2: [10, 20, undefined],
  none: [undefined, undefined, undefined],
};
const value = (text: string) => new Expression(text, 3).evaluate((id) => series[id] ?? []);
const _ = undefined;

describe('an expression', () => {
  test.each<[string, Series]>([
    ['1 + 2 * 3 ^ 2', [19, 19, 19]],
    ['(1 + 2) * 3 - -1', [10, 10, 10]],
    ['m1 + m2', [11, _, _]],
    ['m1 * 100', [100, _, 300]],
    ['FILL(m1, 0) / 2', [0.5, 0, 1.5]],
    ['SUM([m1, m2])', [11, 20, 3]],
    ['MAX([m1, m2])', [10, 20, 3]],
    ['MIN([FILL(m1, 0), m2])', [1, 0, 3]],
    ['AVG([m1, m2])', [5.5, 20, 3]],
    ['SUM([none, none])', [_, _, _]],
    ['SUM([FILL(none, 0), FILL(m1, 0)])', [1, 0, 3]],
    ['SUM(m1)', [4, 4, 4]],
    ['100 * m1 / (m1 - m1)', [_, _, _]],
    ['IF(m1 > 2, 1, 0)', [0, 0, 1]],
    ['m1 >= 1 AND m2 == 10', [1, _, _]],
    ['m1 != 1 || m1 <= 1', [1, _, 1]],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  test.each(['', '1 +', '(1', 'FOO(m1)', 'm1 m2', '[m1, m2]', 'SUM()', "SEARCH('x', 'Sum', 1)"])(
    'is refused: %s',
    (text) => {
      expect(() => value(text)).toThrow(/local cloud|several/);
    },
  );

  it('is the same as its numbers, however it is written', () => {
    const number = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(number, number, number, (a, b, c) => {
        expect(value(`${a}+${b}*${c}`)[0]).toBe(a + b * c);
        expect(value(`( ${a} - ${b} ) / ${c}`)[0]).toBeCloseTo((a - b) / c);
      }),
    );
  });
});
