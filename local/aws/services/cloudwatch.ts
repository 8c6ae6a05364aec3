import { AwsError } from '../error.ts';
import { type Input, list, object, required, strings } from '../input.ts';
import { awsJson } from '../protocol.ts';
import type { Place, Service } from '../service.ts';
import { type Alarm, Alarms } from './cloudwatch-alarms.ts';
import { MetricData } from './cloudwatch-data.ts';
import { describeAlarms } from './cloudwatch-describe.ts';
import { embeddedMetrics } from './cloudwatch-embedded.ts';
import type { AlarmState } from './cloudwatch-evaluate.ts';
import { getMetricData } from './cloudwatch-get-data.ts';
import type { Meter } from './cloudwatch-meter.ts';
import { compositeAlarm, metricAlarm, tagsOf } from './cloudwatch-put-alarm.ts';

export interface MetricDatum {
  namespace: string;
  /** As it was sent: MetricName, Value or Values, Dimensions, Unit, Timestamp. */
  datum: Input;
}

const STATES: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] satisfies AlarmState[];
const KEPT = 10_000;
const NONE = { OK: [], ALARM: [], INSUFFICIENT_DATA: [] };
/** ms; the shortest period of an alarm is twice that. */
const EVALUATED_EVERY = 5_000;

/** Amazon CloudWatch: metrics as they come, alarms that are evaluated from them, on the clock `now` (ms since 1970). */
export class CloudWatch {
  readonly recent: MetricDatum[] = [];
  readonly alarms: Alarms;
  readonly service: Service;
  /** The Resource Groups Tagging API, as far as it knows alarms. */
  readonly tagging: Service;
  readonly #data: MetricData;
  readonly #timer: NodeJS.Timeout;
  readonly #arnOf: (name: string) => string;
  readonly #now: () => number;

  /** `alarmNames`: alarms without a metric, which are set by hand. */
  constructor({ region, account }: Place, alarmNames: readonly string[], now: () => number = Date.now) {
    this.#now = now;
    this.#data = new MetricData(now);
    this.alarms = new Alarms(this.#data, now);
    this.#arnOf = (name: string) => `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
    for (const name of alarmNames)
      this.alarms.put({ name, source: { kind: 'none' }, put: {}, actions: NONE, tags: new Map() });
    this.service = { iam: 'cloudwatch', protocol: awsJson('1.0'), operations: this.#operations() };
    this.tagging = {
      iam: 'tag',
      protocol: awsJson('1.1'),
      operations: { GetResources: { run: (input) => this.#resources(input) } },
    };
    this.#timer = setInterval(() => this.alarms.evaluate(), EVALUATED_EVERY).unref();
  }

  arnOf(name: string): string {
    return this.#arnOf(name);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Takes in what an AWS service says of itself, now. */
  meter: Meter = ({ namespace, name, dimensions, value, unit }) => {
    const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
    this.#data.put(namespace, { MetricName: name, Dimensions, Value: value, Unit: unit });
  };

  /** Takes in the metrics of a log record in the embedded metric format, whose times are this machine's. */
  takeIn(record: Record<string, unknown>): void {
    const ahead = this.#now() - Date.now();
    for (const { namespace, datum } of embeddedMetrics(record, ahead)) {
      this.#data.put(namespace, datum);
      this.recent.push({ namespace, datum });
    }
    this.recent.splice(0, Math.max(0, this.recent.length - KEPT));
  }

  #operations(): Service['operations'] {
    const named = (parameter: string) => (input: Input) => this.#arnOf(required(input, parameter));
    const tagged = (input: Input) => required(input, 'ResourceARN');
    return {
      PutMetricData: { run: (input) => this.#putData(input) },
      GetMetricData: { run: (input) => getMetricData(this.#data, input) },
      DescribeAlarms: {
        // Composite alarms are shown to who may see everything (API_DescribeAlarms, Amazon CloudWatch API Reference).
        resource: (input) =>
          strings(input, 'AlarmTypes').includes('CompositeAlarm') ? undefined : this.#arnOf('*'),
        run: (input) => describeAlarms(this.alarms, this.#arnOf, input),
      },
      PutMetricAlarm: {
        resource: named('AlarmName'),
        run: (input) => this.#put(metricAlarm(input)),
      },
      PutCompositeAlarm: {
        resource: named('AlarmName'),
        run: (input) => this.#put(compositeAlarm(input)),
      },
      DeleteAlarms: { resource: () => this.#arnOf('*'), run: (input) => this.#delete(input) },
      SetAlarmState: { resource: named('AlarmName'), run: (input) => this.#set(input) },
      TagResource: { resource: tagged, run: (input) => this.#tag(input) },
      UntagResource: { resource: tagged, run: (input) => this.#untag(input) },
      ListTagsForResource: { resource: tagged, run: (input) => ({ Tags: pairs(this.#tagged(input)) }) },
    };
  }

  #putData(input: Input): void {
    const namespace = required(input, 'Namespace');
    for (const datum of list(input, 'MetricData').map(object)) {
      this.#data.put(namespace, datum);
      this.recent.push({ namespace, datum });
    }
    this.recent.splice(0, Math.max(0, this.recent.length - KEPT));
    this.alarms.evaluate();
  }

  #put(alarm: Pick<Alarm, 'name' | 'source' | 'put' | 'actions' | 'tags'>): void {
    this.alarms.put(alarm);
    this.alarms.evaluate();
  }

  /** All or none (API_DeleteAlarms). */
  #delete(input: Input): void {
    const names = strings(input, 'AlarmNames');
    for (const name of names) this.alarms.find(name);
    for (const name of names) this.alarms.delete(name);
  }

  #set(input: Input): void {
    const name = required(input, 'AlarmName');
    this.alarms.find(name);
    const state = required(input, 'StateValue');
    if (!STATES.includes(state))
      throw new AwsError('ValidationError', `StateValue must be one of ${STATES.join(', ')}`);
    this.alarms.set(name, state as AlarmState, required(input, 'StateReason'));
  }

  #tagged(input: Input): Alarm {
    const arn = required(input, 'ResourceARN');
    const [, name = ''] = arn.split(/:alarm:(.*)/s);
    return this.alarms.find(name, 'ResourceNotFoundException');
  }

  #tag(input: Input): void {
    const { tags } = this.#tagged(input);
    for (const [key, value] of tagsOf(input)) tags.set(key, value);
  }

  #untag(input: Input): void {
    const { tags } = this.#tagged(input);
    for (const key of strings(input, 'TagKeys')) tags.delete(key);
  }

  /** GetResources, all on one page (API_GetResources, Resource Groups Tagging API Reference). */
  #resources(input: Input) {
    const types = strings(input, 'ResourceTypeFilters');
    const wanted = types.length === 0 || types.includes('cloudwatch') || types.includes('cloudwatch:alarm');
    const filters = list(input, 'TagFilters').map(object);
    const matches = ({ tags }: Alarm) =>
      filters.every((filter) => {
        const value = tags.get(required(filter, 'Key'));
        const values = strings(filter, 'Values');
        return value !== undefined && (values.length === 0 || values.includes(value));
      });
    const found = wanted ? this.alarms.all().filter((alarm) => alarm.tags.size > 0 && matches(alarm)) : [];
    return {
      ResourceTagMappingList: found.map((alarm) => ({
        ResourceARN: this.#arnOf(alarm.name),
        Tags: pairs(alarm),
      })),
      PaginationToken: '',
    };
  }
}

function pairs({ tags }: Alarm) {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}
