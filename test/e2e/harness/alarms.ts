import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  PutCompositeAlarmCommand,
  type PutCompositeAlarmCommandInput,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { openCloud } from '../../../bin/cloud.ts';
import { installation } from '../../../bin/installation.ts';
import { DEFAULTS } from '../../../lib/config/config.ts';
import { OPERATE } from '../../../lib/stacks/functions.ts';
import type { Person } from '../../../local/identities.ts';
import { type Dashboard, resolver } from '../../stacks/support/resolve.ts';

/** Names of the local cloud. */
const physical = {
  region: 'us-east-1',
  account: '000000000000',
  functionName: (name: string) => (name === 'operate' ? OPERATE : name),
  queueName: 'fairlead-dead-letters',
  tableName: 'fairlead-ledger',
  topicArn: 'arn:aws:sns:us-east-1:000000000000:fairlead-alarms',
};
const INBOX = 'inbox';
const MINUTE = 60_000;
/** Of most alarms. */
const PERIOD = 5 * MINUTE;

/** What a person is told of an alarm. */
interface Told {
  AlarmName: string;
  NewStateValue: string;
  AlarmDescription: string;
}

/**
 * A local cloud with the alarms that the stack makes, as the template has them. CloudWatch has a clock that only
 * `pass` moves: nothing waits for a period to be over.
 */
export class AlarmedCloud {
  readonly cloud: Awaited<ReturnType<typeof openCloud>>;
  readonly dashboard: Dashboard;
  readonly #cloudWatch: CloudWatchClient;
  readonly #sqs: SQSClient;
  readonly #clock: { ahead: number };
  readonly #inbox: string;
  readonly #telling: readonly string[];
  readonly #heard = new Map<string, Told[]>();
  readonly #asked = new Map<string, number>();

  private constructor(given: {
    cloud: AlarmedCloud['cloud'];
    dashboard: Dashboard;
    cloudWatch: CloudWatchClient;
    sqs: SQSClient;
    clock: { ahead: number };
    inbox: string;
    telling: readonly string[];
  }) {
    this.cloud = given.cloud;
    this.dashboard = given.dashboard;
    this.#cloudWatch = given.cloudWatch;
    this.#sqs = given.sqs;
    this.#clock = given.clock;
    this.#inbox = given.inbox;
    this.#telling = given.telling;
  }

  static async start(): Promise<AlarmedCloud> {
    const clock = { ahead: 0 };
    // A round of the sweep comes when a test asks for one.
    const cloud = await openCloud({
      now: () => Date.now() + clock.ahead,
      retryDelaysMs: [50, 50],
      sweepEvery: 86_400,
      stuckAfter: 1,
    });
    const { person } = cloud;
    const cloudWatch = new CloudWatchClient(as(person, 'CLOUDWATCH'));
    const sqs = new SQSClient(as(person, 'SQS'));
    const { metricAlarms, compositeAlarms, dashboard } = synthesized();
    for (const alarm of metricAlarms)
      await cloudWatch.send(new PutMetricAlarmCommand(alarm as unknown as PutMetricAlarmCommandInput));
    for (const alarm of compositeAlarms)
      await cloudWatch.send(new PutCompositeAlarmCommand(alarm as unknown as PutCompositeAlarmCommandInput));
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: INBOX }));
    const Endpoint = `arn:aws:sqs:${physical.region}:${physical.account}:${INBOX}`;
    const sns = new SNSClient(as(person, 'SNS'));
    await sns.send(new SubscribeCommand({ TopicArn: physical.topicArn, Protocol: 'sqs', Endpoint }));
    const telling = [...metricAlarms, ...compositeAlarms].flatMap(({ AlarmName, AlarmActions }) =>
      AlarmActions === undefined ? [] : [String(AlarmName)],
    );
    return new AlarmedCloud({ cloud, dashboard, cloudWatch, sqs, clock, inbox: QueueUrl, telling });
  }

  /** Lets so many minutes pass on CloudWatch's clock. */
  pass(minutes: number): void {
    this.#clock.ahead += minutes * MINUTE;
    this.cloud.evaluateAlarms();
  }

  /** Lets half an hour pass, and goes on at the beginning of a period: none ends while something happens. */
  rest(): void {
    this.pass(30);
    const now = Date.now() + this.#clock.ahead;
    this.#clock.ahead += PERIOD - (now % PERIOD) + 100;
    this.cloud.evaluateAlarms();
  }

  async stateOf(name: string): Promise<string | undefined> {
    const AlarmNames = [`fairlead-${name}`];
    const AlarmTypes = ['MetricAlarm' as const, 'CompositeAlarm' as const];
    const { MetricAlarms = [], CompositeAlarms = [] } = await this.#cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmNames, AlarmTypes }),
    );
    return [...MetricAlarms, ...CompositeAlarms][0]?.StateValue;
  }

  /** What people were told of the alarm `name` since this was asked last. */
  async told(name: string): Promise<Told[]> {
    await this.#listen();
    const all = this.#heard.get(`fairlead-${name}`) ?? [];
    const from = this.#asked.get(name) ?? 0;
    this.#asked.set(name, all.length);
    return all.slice(from);
  }

  /** Names of the alarms that people are told of, and what they were told by now. */
  async allTold(): Promise<Map<string, string[]>> {
    await this.#listen();
    const states = (name: string) => (this.#heard.get(name) ?? []).map(({ NewStateValue }) => NewStateValue);
    return new Map(this.#telling.map((name) => [name, states(name)]));
  }

  async #listen(): Promise<void> {
    for (;;) {
      const { Messages = [] } = await this.#sqs.send(
        new ReceiveMessageCommand({ QueueUrl: this.#inbox, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) return;
      for (const { Body = '', ReceiptHandle } of Messages) {
        const told = JSON.parse((JSON.parse(Body) as { Message: string }).Message) as Told;
        this.#heard.set(told.AlarmName, [...(this.#heard.get(told.AlarmName) ?? []), told]);
        await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#inbox, ReceiptHandle }));
      }
    }
  }

  /** How many values of a metric there are by now, over all time that passed. */
  async values(
    namespace: string,
    name: string,
    dimensions: Readonly<Record<string, string>>,
  ): Promise<number[]> {
    const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
    const Metric = { Namespace: namespace, MetricName: name, Dimensions };
    const now = Date.now() + this.#clock.ahead;
    const { MetricDataResults = [] } = await this.#cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(now - 2 * 86_400_000),
        EndTime: new Date(now + MINUTE),
        MetricDataQueries: [{ Id: 'wanted', MetricStat: { Metric, Period: 60, Stat: 'Sum' } }],
      }),
    );
    return MetricDataResults[0]?.Values ?? [];
  }

  async close(): Promise<void> {
    this.#cloudWatch.destroy();
    this.#sqs.destroy();
    await this.cloud.close();
  }
}

function synthesized() {
  const config = {
    ...DEFAULTS,
    alarms: { stuckAfter: 60, refusedWebhooks: 3, buildTime: 0.05, queueAge: 2 },
  };
  const { alarms, pipeline } = installation(new App(), config);
  return resolver(Template.fromStack(alarms), Template.fromStack(pipeline), physical);
}

export function cloudWatchOf(person: Person): CloudWatchClient {
  return new CloudWatchClient(as(person, 'CLOUDWATCH'));
}

export function as({ region, accessKeyId, secretAccessKey, endpoints }: Person, service: string) {
  const endpoint = endpoints[`AWS_ENDPOINT_URL_${service}`] ?? '';
  return { region, endpoint, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 };
}
