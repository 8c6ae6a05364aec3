import type { Measured } from './measured.ts';

export interface Row {
  height: number;
  widgets: readonly Widget[];
}

export interface Widget {
  type: 'metric' | 'text' | 'alarm';
  properties: Readonly<Record<string, unknown>>;
}

/** One line of a graph, as a dashboard's body has it: namespace, name, dimensions, and how it is shown. */
export type Line = readonly unknown[];

export interface Graph {
  title: string;
  lines: readonly Line[];
  region: string;
  /** Seconds. */
  period: number;
  /** What the axis says. */
  unit: string;
  shown?: 'lines' | 'bars';
}

export function graph({ title, lines, region, period, unit, shown }: Graph): Widget {
  return {
    type: 'metric',
    properties: {
      title,
      view: shown === 'bars' ? 'bar' : 'timeSeries',
      ...(shown === 'bars' ? { view: 'timeSeries', stacked: true } : {}),
      region,
      period,
      yAxis: { left: { label: unit, min: 0, showUnits: false } },
      metrics: lines,
    },
  };
}

/** A metric that the functions write. `more`: a second dimension and its value. */
export function line(
  { namespace, metricName, service }: Measured,
  stat: string,
  label: string,
  { more = [], ...how }: { more?: readonly string[]; id?: string; visible?: boolean } = {},
): Line {
  return [namespace, metricName, 'service', service, ...more, { stat, label, ...how }];
}

export function expression(text: string, label: string): Line {
  return [{ expression: text, label }];
}

export function textWidget(markdown: string): Widget {
  return { type: 'text', properties: { markdown } };
}

export function alarmWidget(title: string, alarms: readonly string[]): Widget {
  return { type: 'alarm', properties: { title, alarms } };
}
