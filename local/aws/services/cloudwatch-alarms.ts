import { EventEmitter } from 'node:events';
import { AwsError } from '../error.ts';
import type { Input } from '../input.ts';
import type { MetricData } from './cloudwatch-data.ts';
import { type AlarmRule, type AlarmState, evaluate, LOOKED_BACK } from './cloudwatch-evaluate.ts';
import { type Queries, valuesOf } from './cloudwatch-queries.ts';
import type { CompositeRule } from './cloudwatch-rule.ts';

/** What an alarm's state follows from. */
export type Source =
  /** `id` is the query that is judged. */
  | ({ kind: 'metric'; queries: Queries; id: string; period: number } & AlarmRule)
  | ({ kind: 'composite' } & CompositeRule)
  /** Nothing: it is set by hand. */
  | { kind: 'none' };

export interface Alarm {
  name: string;
  source: Source;
  /** As it was put: what DescribeAlarms gives back. */
  put: Input;
  tags: Map<string, string>;
  state: AlarmState;
  reason: string;
  /** Seconds since 1970; of the state's value, and of the last time that it was set. */
  changedAt: number;
  updatedAt: number;
  /** Actions by the state that sets them off, as ARNs. */
  actions: Readonly<Record<AlarmState, readonly string[]>>;
}

/** An alarm that came to be in another state. */
export interface AlarmChange {
  alarm: Readonly<Alarm>;
  previous: { state: AlarmState; reason: string; changedAt: number };
}

const INITIAL = 'Unchecked: Initial alarm creation';

/** The alarms and their states, which are evaluated from the data whenever that is asked for. */
export class Alarms {
  readonly changes = new EventEmitter<{ change: [AlarmChange] }>();
  readonly #alarms = new Map<string, Alarm>();
  readonly #data: MetricData;
  readonly #now: () => number;

  /** `now`: ms since 1970. */
  constructor(data: MetricData, now: () => number) {
    this.#data = data;
    this.#now = now;
  }

  /** Creates or replaces: a replaced one keeps its state and its tags. */
  put(alarm: Pick<Alarm, 'name' | 'source' | 'put' | 'actions' | 'tags'>): void {
    const at = this.#now() / 1000;
    const { tags, state, reason, changedAt, updatedAt } = this.#alarms.get(alarm.name) ?? {
      tags: alarm.tags,
      state: 'INSUFFICIENT_DATA',
      reason: INITIAL,
      changedAt: at,
      updatedAt: at,
    };
    this.#alarms.set(alarm.name, { ...alarm, tags, state, reason, changedAt, updatedAt });
  }

  delete(name: string): void {
    this.#alarms.delete(name);
  }

  get(name: string): Alarm | undefined {
    return this.#alarms.get(name);
  }

  /** @throws AwsError */
  find(name: string, code = 'ResourceNotFound'): Alarm {
    const alarm = this.#alarms.get(name);
    if (alarm === undefined) throw new AwsError(code, `Alarm ${name} does not exist`, 404);
    return alarm;
  }

  /** By name. */
  all(): Alarm[] {
    return [...this.#alarms.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  set(name: string, state: AlarmState, reason: string): void {
    const alarm = this.find(name);
    const previous = { state: alarm.state, reason: alarm.reason, changedAt: alarm.changedAt };
    const at = this.#now() / 1000;
    Object.assign(alarm, {
      state,
      reason,
      updatedAt: at,
      ...(state !== previous.state && { changedAt: at }),
    });
    if (state !== previous.state) this.changes.emit('change', { alarm: { ...alarm }, previous });
  }

  /** Brings every alarm to the state that its data, or its rule, gives. */
  evaluate(): void {
    const kinds: Source['kind'][] = ['metric', 'composite'];
    for (const kind of kinds)
      for (const alarm of this.all().filter(({ source }) => source.kind === kind)) this.#evaluate(alarm);
  }

  #evaluate({ name, source, state }: Alarm): void {
    if (source.kind === 'none') return;
    const [next, reason] = source.kind === 'metric' ? this.#measured(source, state) : this.#combined(source);
    if (next !== state) this.set(name, next, reason);
  }

  #measured(source: Source & { kind: 'metric' }, current: AlarmState): [AlarmState, string] {
    const { queries, id, period, evaluationPeriods, threshold } = source;
    const end = Math.floor(this.#now() / 1000 / period) * period;
    const periods = evaluationPeriods + LOOKED_BACK;
    const starts = Array.from({ length: periods }, (_, index) => end - (periods - index) * period);
    const values = valuesOf(this.#data, queries, id, starts, period);
    const known = values.slice(-evaluationPeriods).filter((value) => value !== undefined);
    const reason =
      known.length === 0
        ? `Threshold Crossed: no datapoints were received for ${evaluationPeriods} periods.`
        : `Threshold Crossed: ${known.length} out of the last ${evaluationPeriods} datapoints [${known.join(', ')}] were compared with the threshold (${threshold}): ${source.comparison}.`;
    return [evaluate(source, values, current), reason];
  }

  #combined(source: Source & { kind: 'composite' }): [AlarmState, string] {
    const rings = source.holds((name) => this.#alarms.get(name)?.state);
    const others = source.names.map((name) => `${name} is ${this.#alarms.get(name)?.state ?? 'absent'}`);
    return [rings ? 'ALARM' : 'OK', `${others.join(', ')}`];
  }
}
