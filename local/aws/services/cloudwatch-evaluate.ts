/** What decides about a metric alarm's state (API_PutMetricAlarm, Amazon CloudWatch API Reference). */
export interface AlarmRule {
  threshold: number;
  comparison: Comparison;
  evaluationPeriods: number;
  datapointsToAlarm: number;
  treatMissingData: 'missing' | 'ignore' | 'breaching' | 'notBreaching';
}

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export const COMPARISONS = {
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
};
export type Comparison = keyof typeof COMPARISONS;

/** Periods before those that count, from which data is taken where later ones have none. */
export const LOOKED_BACK = 2;

/**
 * The state that follows from the values of the last `evaluationPeriods + LOOKED_BACK` periods, the oldest first,
 * undefined where there is no data. Source: "Configuring how CloudWatch alarms treat missing data", Amazon
 * CloudWatch User Guide, with its tables.
 */
export function evaluate(
  rule: AlarmRule,
  values: readonly (number | undefined)[],
  current: AlarmState,
): AlarmState {
  const { evaluationPeriods, datapointsToAlarm, treatMissingData } = rule;
  const isBreaching = (value: number) => COMPARISONS[rule.comparison](value, rule.threshold);
  const real = values.filter((value) => value !== undefined);
  const judged = real.slice(-evaluationPeriods);
  const breaching = judged.filter(isBreaching).length;
  const missing = evaluationPeriods - judged.length;
  if (missing === 0) return breaching >= datapointsToAlarm ? 'ALARM' : 'OK';
  if (treatMissingData === 'breaching') return breaching + missing >= datapointsToAlarm ? 'ALARM' : 'OK';
  if (breaching >= datapointsToAlarm) return 'ALARM';
  if (treatMissingData === 'notBreaching') return 'OK';
  if (judged.length === 0) return treatMissingData === 'ignore' ? current : 'INSUFFICIENT_DATA';
  if (breaching < judged.length) return 'OK';
  // All that there is is breaching, but less than it takes.
  if (treatMissingData === 'ignore') return current;
  const oldest = values.length - values.findIndex((value) => value !== undefined && isBreaching(value));
  return oldest >= datapointsToAlarm ? 'ALARM' : current;
}
