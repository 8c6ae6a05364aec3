import { expect, test } from 'vitest';
import { previewsOf } from '../../../bin/previews.ts';

test('previews are what is asked for, with the rest as it is without', () => {
  expect(previewsOf({ of: 'branches' })).toMatchObject({
    of: 'branches',
    branches: ['**'],
    ttl: 259_200,
    most: 20,
  });
  expect(previewsOf({ of: 'branches', most: '3' })).toMatchObject({ most: 3 });
  expect(previewsOf({ of: 'pull-requests', branches: 'feature/*, fix/*', ttl: '60' })).toMatchObject({
    of: 'pull-requests',
    branches: ['feature/*', 'fix/*'],
    ttl: 60,
  });
});

test.each([
  [{ of: 'all' }, /off, branches, pull-requests/],
  [{ of: 'branches', ttl: '3 days' }, /whole number of seconds/],
  [{ of: 'branches', ttl: 0 }, /whole number of seconds/],
  [{ of: 'branches', most: 'many' }, /whole number/],
  [{ of: 'branches', branches: 'a,,b' }, /a pattern is empty/],
])('%j is refused', (asked, why) => {
  expect(() => previewsOf(asked)).toThrow(why);
});
