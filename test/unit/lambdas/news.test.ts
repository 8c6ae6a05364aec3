import { expect, test } from 'vitest';
import { newsOf } from '../../../lambdas/deploy/news.ts';
import type { BakeLook } from '../../../lib/bake/types.ts';

const look = (more: Partial<BakeLook> = {}): BakeLook => ({
  at: '',
  alarms: [],
  checks: [],
  restarts: [],
  trouble: [],
  ...more,
});

test('a look is news when something is not well, and when it changes', () => {
  const quiet = look({
    alarms: [{ name: 'errors', state: 'OK' }],
    checks: [{ path: '/', result: 'good', message: 'answers 200' }],
  });
  expect(newsOf(undefined, quiet)).toEqual([]);
  const loud = look({
    alarms: [
      { name: 'errors', state: 'ALARM', reason: '5 are more than 3' },
      { name: 'slow', state: 'absent' },
    ],
    checks: [{ path: '/', result: 'bad', message: 'answers 500, and has to answer 200 to 399' }],
    restarts: [{ pod: 'web-1', container: 'web', count: 1, reason: 'exit code 2' }],
    trouble: ['the alarms could not be read: timed out'],
  });
  const news = [
    'alarm errors rings: 5 are more than 3',
    'there is no alarm slow',
    '/ answers 500, and has to answer 200 to 399',
    'pod web-1: exit code 2',
    'the alarms could not be read: timed out',
  ];
  expect(newsOf(undefined, loud)).toEqual(news);
  expect(newsOf(quiet, loud)).toEqual(news);
  expect(newsOf(loud, loud)).toEqual([]);
  expect(newsOf(loud, quiet)).toEqual(['alarm errors is quiet', '/ answers 200']);
});
