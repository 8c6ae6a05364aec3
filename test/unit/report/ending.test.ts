import { describe, expect, test } from 'vitest';
import { type Ending, endingOfPush, lastLine, statusOf } from '../../../lib/report/ending.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const ended = { app: 'web', ref: 'refs/heads/main', pushed: A, commit: A };
const url = 'http://web/';
const at = '2026-01-02T03:04:05.678Z';

const LINES: [Ending, string][] = [
  [{ is: 'live', url }, `live web ${A} ${url}`],
  [{ is: 'live', notes: ['it takes no requests'] }, `live web ${A}`],
  [{ is: 'unchanged', url }, `unchanged web ${A} ${url}`],
  [{ is: 'failed', reason: 'main.go:3:\n  no', blame: 'commit' }, `failed web ${A} main.go:3: no`],
  [{ is: 'superseded', by: B }, `superseded web ${A} by ${B}`],
  [
    { is: 'ignored', why: 'the branch main is gone' },
    'ignored web refs/heads/main (the branch main is gone)',
  ],
  [
    { is: 'refused', reason: 'it crashes', at },
    `failed web ${A} refused: it failed before, on 2026-01-02 03:04 UTC: it crashes; push a new commit to try again (an empty one will do), or let this one in: fairlead retry`,
  ],
];

describe('the last line of a push', () => {
  test.each(LINES)('%o', (ending, line) => {
    expect(lastLine(ended, ending)).toBe(line);
  });

  test('of a rollback and of a removal says what is left', () => {
    const back: Ending = {
      is: 'rolled-back',
      number: 7,
      commit: B,
      why: 'by ada: it is slow',
      from: 6,
      url,
    };
    expect(lastLine(ended, back)).toBe(`rolled-back web ${A} to ${B} as release 7 ${url}`);
    const gone = { ...ended, ref: 'preview-x' };
    expect(lastLine(gone, { is: 'removed', reason: 'its branch\nis gone' })).toBe(
      'removed web preview-x (its branch is gone)',
    );
  });

  test.each(LINES)('is one line also where another commit was deployed: %o', (ending) => {
    const other = { ...ended, commit: B };
    const line = lastLine(other, endingOfPush(other, ending));
    expect(line).toMatch(ending.is === 'ignored' ? /^ignored / : new RegExp(`^superseded web ${A} by ${B}`));
    expect(line).not.toMatch(/\n/);
  });
});

describe('the status beside a commit', () => {
  test('tells the commit’s fault from others', () => {
    expect(statusOf({ is: 'failed', reason: 'no', blame: 'commit' })?.state).toBe('failure');
    expect(statusOf({ is: 'failed', reason: 'no', blame: 'elsewhere' })?.state).toBe('error');
    expect(statusOf({ is: 'live', url })).toEqual({
      state: 'success',
      description: `Live at ${url}`,
      targetUrl: url,
    });
    expect(statusOf({ is: 'live', url, notes: ['nobody can say'] })?.description).toBe(
      `Live at ${url}; nobody can say`,
    );
    expect(
      statusOf({
        is: 'rolled-back',
        number: 7,
        commit: B,
        why: 'by ada: it is slow',
      }),
    ).toEqual({
      state: 'failure',
      description: `Rolled back to ${B.slice(0, 12)} by ada: it is slow`,
    });
    expect(statusOf({ is: 'ignored', why: 'no' })).toBeUndefined();
    expect(statusOf({ is: 'removed', reason: 'no' })).toBeUndefined();
  });
});
