import type { LabelSelector } from './types.ts';

/** Whether the labels are selected; an empty selector selects everything. Source: apimachinery `LabelSelectorAsSelector`. */
export function isSelected(labels: Record<string, string> = {}, selector: LabelSelector): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (!Object.entries(matchLabels).every(([key, value]) => labels[key] === value)) return false;
  return matchExpressions.every(({ key, operator, values = [] }) => {
    const value = labels[key];
    const isIn = value !== undefined && values.includes(value);
    if (operator === 'In') return isIn;
    if (operator === 'NotIn') return !isIn;
    return (value !== undefined) === (operator === 'Exists');
  });
}
