import { EventEmitter } from 'node:events';
import { AwsError } from '../error.ts';
import { type Input, list, object, optional, required, strings } from '../input.ts';
import { awsJson } from '../protocol.ts';
import type { Place, Service } from '../service.ts';

type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** An alarm whose state is only what SetAlarmState made it: nothing is evaluated. */
export interface Alarm {
  name: string;
  state: AlarmState;
  reason: string;
  /** Seconds since 1970. */
  changedAt: number;
}

export interface MetricDatum {
  namespace: string;
  /** As it was sent: MetricName, Value or Values, Dimensions, Unit, Timestamp. */
  datum: Input;
}

const STATES: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] satisfies AlarmState[];
const KEPT = 10_000;

/** Amazon CloudWatch: metrics are kept as they come, alarms change by hand. */
export class Metrics {
  readonly changes = new EventEmitter<{ alarm: [Alarm] }>();
  readonly recent: MetricDatum[] = [];
  readonly service: Service;
  readonly #alarms: Map<string, Alarm>;

  constructor({ region, account }: Place, alarmNames: readonly string[]) {
    const arnOf = (name: string) => `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
    const initial = { state: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation' } as const;
    this.#alarms = new Map(
      alarmNames.map((name) => [name, { name, ...initial, changedAt: Date.now() / 1000 }]),
    );
    this.service = {
      iam: 'cloudwatch',
      protocol: awsJson('1.0'),
      operations: {
        PutMetricData: { run: (input) => this.#put(input) },
        DescribeAlarms: {
          resource: () => arnOf('*'),
          run: (input) => ({ MetricAlarms: this.#select(input).map((alarm) => describe(alarm, arnOf)) }),
        },
        SetAlarmState: {
          resource: (input) => arnOf(required(input, 'AlarmName')),
          run: (input) => this.#set(input),
        },
      },
    };
  }

  #put(input: Input): void {
    const namespace = required(input, 'Namespace');
    for (const datum of list(input, 'MetricData')) this.recent.push({ namespace, datum: object(datum) });
    this.recent.splice(0, Math.max(0, this.recent.length - KEPT));
  }

  #select(input: Input): Alarm[] {
    const names = strings(input, 'AlarmNames');
    const prefix = optional(input, 'AlarmNamePrefix') ?? '';
    const state = optional(input, 'StateValue');
    return [...this.#alarms.values()].filter(
      (alarm) =>
        (names.length === 0 || names.includes(alarm.name)) &&
        alarm.name.startsWith(prefix) &&
        (state === undefined || alarm.state === state),
    );
  }

  #set(input: Input): void {
    const alarm = this.#alarms.get(required(input, 'AlarmName'));
    if (alarm === undefined) throw new AwsError('ResourceNotFound', 'Alarm does not exist', 404);
    const state = required(input, 'StateValue');
    if (!STATES.includes(state))
      throw new AwsError('ValidationError', `StateValue must be one of ${STATES.join(', ')}`);
    alarm.state = state as AlarmState;
    alarm.reason = required(input, 'StateReason');
    alarm.changedAt = Date.now() / 1000;
    this.changes.emit('alarm', { ...alarm });
  }
}

const describe = ({ name, state, reason, changedAt }: Alarm, arnOf: (name: string) => string) => ({
  AlarmName: name,
  AlarmArn: arnOf(name),
  StateValue: state,
  StateReason: reason,
  StateUpdatedTimestamp: changedAt,
});
