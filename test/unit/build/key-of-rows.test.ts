import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyOf, keyOfRows } from '../../../lib/build/store/store.ts';

it('always gives the key that all rows at once would have', () => {
  const word = fc.oneof(fc.string(), fc.integer(), fc.constant(undefined));
  fc.assert(
    fc.property(fc.array(fc.array(word)), fc.string(), (rows, part) => {
      expect(keyOfRows(['layer', part], rows, (row) => row)).toBe(keyOf('layer', part, rows));
    }),
  );
});

it('gives the same key for more rows than are hashed at a time', () => {
  const rows = Array.from({ length: 5000 }, (_, at) => [`a path of some length that has number ${at}`, at]);
  expect(keyOfRows(['layer'], rows, (row) => row)).toBe(keyOf('layer', rows));
  expect(keyOfRows(['layer'], rows.slice(1), (row) => row)).not.toBe(keyOf('layer', rows));
});
