import { expect, test } from 'vitest';
import {
  type AlarmRule,
  type AlarmState,
  evaluate,
} from '../../../local/aws/services/cloudwatch-evaluate.ts';

/** `-` is no data, `0` is within the threshold, `X` beyond it. */
const values = (text: string) =>
  text.split(' ').map((sign) => (sign === '-' ? undefined : sign === 'X' ? 1 : 0));

const RULE: AlarmRule = {
  threshold: 1,
  comparison: 'GreaterThanOrEqualToThreshold',
  evaluationPeriods: 3,
  datapointsToAlarm: 3,
  treatMissingData: 'missing',
};
const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;
const [O, A, I, KEPT] = ['OK', 'ALARM', 'INSUFFICIENT_DATA', 'as it was'] as const;

// The tables of "Configuring how CloudWatch alarms treat missing data", Amazon CloudWatch User Guide.
test.each([
  [3, '0 - X - X', [O, O, O, O]],
  [3, '0 - - - -', [O, O, O, O]],
  [3, '- - - - -', [I, KEPT, A, O]],
  [3, '0 X X - X', [A, A, A, A]],
  [3, '- - X - -', [A, KEPT, A, O]],
  [2, '0 - X - X', [A, A, A, A]],
  [2, '0 0 X 0 X', [A, A, A, A]],
  [2, '0 - X - -', [O, O, A, O]],
  [2, '- - - - 0', [O, O, A, O]],
  [2, '- - - X -', [A, KEPT, A, O]],
  // Too early to say: it takes an older one.
  [2, '- - - - X', [KEPT, KEPT, A, O]],
] as const)('%i of 3 datapoints: %s', (datapointsToAlarm, text, expected) => {
  for (const [index, treatMissingData] of TREATMENTS.entries()) {
    for (const current of [O, A, I] satisfies AlarmState[]) {
      const wanted = expected[index] === KEPT ? current : expected[index];
      const rule = { ...RULE, datapointsToAlarm, treatMissingData };
      expect(evaluate(rule, values(text), current), `${treatMissingData}, ${current}`).toBe(wanted);
    }
  }
});

test.each([
  ['GreaterThanOrEqualToThreshold', [O, A, A]],
  ['GreaterThanThreshold', [O, O, A]],
  ['LessThanThreshold', [A, O, O]],
  ['LessThanOrEqualToThreshold', [A, A, O]],
] as const)('%s', (comparison, expected) => {
  const rule = { ...RULE, comparison, evaluationPeriods: 1, datapointsToAlarm: 1 };
  expect([0, 1, 2].map((value) => evaluate(rule, [value], 'OK'))).toEqual(expected);
});
