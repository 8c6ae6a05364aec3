import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AwsError } from '../../../lib/aws/error.ts';
import { retryDelay } from '../../../lib/aws/retry.ts';

const fault = (name: string, status?: number) => new AwsError(name, 'm', status);

test('waits twice as long each time, from a tenth of a second, and from a half where it is throttled', () => {
  const delays = (error: unknown) => [1, 2, 3, 20].map((attempt) => retryDelay(error, attempt, 1));
  expect(delays(fault('ServiceException', 500))).toEqual([100, 200, 400, 20_000]);
  expect(delays(fault('Throttling', 400))).toEqual([500, 1000, 2000, 20_000]);
});

test.each([
  ['a wrong request', fault('ValidationException', 400)],
  ['what is not there', fault('ResourceNotFoundException', 404)],
  ['a mistake of our own', new TypeError('x is not a function')],
])('does not come again after %s', (_what, error) => {
  expect(retryDelay(error, 1, 0.5)).toBeUndefined();
});

test('always comes back within the longest wait, and what is random about it is all of it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, random) => {
        const delay = retryDelay(fault('ECONNRESET'), attempt, random) ?? -1;
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(20_000 * random);
      },
    ),
  );
});
