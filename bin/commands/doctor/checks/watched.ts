import { absent, type Finding, notOk, ok } from '../finding.ts';
import type { Check, Patient } from '../patient.ts';

/** Names that one question takes (DescribeAlarms, AlarmNames). */
const AT_ONCE = 100;

/** Whether an alarm of the installation rings, or would ring for nobody. */
export const alarms: Check = {
  about: 'alarms',
  needs: ['cloudwatch:DescribeAlarms'],
  async look(patient) {
    const names = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
      patient.resources(type).map(({ id }) => id),
    );
    if (names.length === 0) return [absent('alarms', 'none are known here')];
    const { CloudWatchClient, DescribeAlarmsCommand } = await import('@aws-sdk/client-cloudwatch');
    const client = new CloudWatchClient(patient.settings('CLOUDWATCH') ?? {});
    const found = [];
    for (let first = 0; first < names.length; first += AT_ONCE) {
      const AlarmNames = names.slice(first, first + AT_ONCE);
      const types = { AlarmTypes: ['MetricAlarm' as const, 'CompositeAlarm' as const] };
      const { MetricAlarms = [], CompositeAlarms = [] } = await client.send(
        new DescribeAlarmsCommand({ AlarmNames, ...types }),
      );
      found.push(...MetricAlarms, ...CompositeAlarms);
    }
    // What tells nobody rings on purpose: the heartbeat does all day.
    const telling = found.filter(({ AlarmActions = [] }) => AlarmActions.length > 0);
    const ringing = telling.filter(({ StateValue }) => StateValue === 'ALARM');
    const muted = found.filter(({ ActionsEnabled }) => ActionsEnabled === false);
    const lost = names.length - found.length;
    return [
      ...ringing.map(({ AlarmName = '', AlarmDescription = '' }) =>
        notOk('alarms', `${AlarmName} rings`, AlarmDescription),
      ),
      ...(muted.length > 0
        ? [
            notOk(
              'alarms',
              `${muted.length} are muted`,
              `aws cloudwatch enable-alarm-actions --alarm-names ${muted.map(({ AlarmName }) => AlarmName).join(' ')}`,
            ),
          ]
        : []),
      ...(lost > 0 ? [notOk('alarms', `${lost} were taken away`, 'npx fairlead deploy --revert-drift')] : []),
      ...(ringing.length + muted.length + lost === 0 ? [ok('alarms', `${found.length}, none rings`)] : []),
    ];
  },
};

/** Whether anybody is told. */
export const notifications: Check = {
  about: 'notifications',
  needs: ['sns:ListSubscriptionsByTopic'],
  async look(patient) {
    const topic = patient.output('AlarmTopicArn');
    if (topic === undefined) return [absent('notifications', 'no topic is known here')];
    const { ListSubscriptionsByTopicCommand, SNSClient } = await import('@aws-sdk/client-sns');
    const client = new SNSClient(patient.settings('SNS') ?? {});
    const { Subscriptions = [] } = await client.send(
      new ListSubscriptionsByTopicCommand({ TopicArn: topic }),
    );
    const pending = Subscriptions.filter(({ SubscriptionArn }) => SubscriptionArn === 'PendingConfirmation');
    if (pending.length > 0) {
      const who = pending.map(({ Endpoint = '' }) => Endpoint);
      return [
        notOk(
          'notifications',
          `not confirmed: ${who.join(', ')}`,
          `follow the link in the mail from AWS, which holds for two days; for another mail: ${subscribing(topic, who)}`,
        ),
      ];
    }
    const known = new Set(Subscriptions.map(({ Endpoint }) => Endpoint));
    const lapsed = patient.config.notifications.email.filter((address) => !known.has(address));
    if (lapsed.length > 0)
      return [
        notOk(
          'notifications',
          `never confirmed, or given up: ${lapsed.join(', ')}`,
          `npx fairlead deploy, if an address is new; else, for another mail: ${subscribing(topic, lapsed)}`,
        ),
      ];
    if (Subscriptions.length === 0 && patient.config.notifications.topics.length === 0)
      return [
        notOk(
          'notifications',
          'nobody hears of an alarm',
          'notifications: { email: [ … ] } in fairlead.config.ts, then npx fairlead deploy',
        ),
      ];
    return [
      ok('notifications', `${Subscriptions.length + patient.config.notifications.topics.length} are told`),
    ];
  },
};

/**
 * How addresses get another mail. SNS takes a subscription away that nobody confirmed, and CloudFormation, whose template
 * is the same as before, does not make it again.
 */
function subscribing(topic: string, addresses: readonly string[]): string {
  const commands = addresses.map(
    (address) => `aws sns subscribe --topic-arn ${topic} --protocol email --notification-endpoint ${address}`,
  );
  return commands.join('; ');
}

/** Whether events wait that nobody could handle. */
export const deadLetters: Check = {
  about: 'dead letters',
  needs: ['sqs:GetQueueAttributes'],
  async look(patient) {
    const queues = patient.resources('AWS::SQS::Queue', 'FairleadPipeline');
    if (queues.length === 0) return [absent('dead letters', 'no queue is known here')];
    return await Promise.all(queues.map(({ id }) => lookAtQueue(patient, id)));
  },
};

async function lookAtQueue(patient: Patient, QueueUrl: string): Promise<Finding> {
  const { GetQueueAttributesCommand, SQSClient } = await import('@aws-sdk/client-sqs');
  const client = new SQSClient(patient.settings('SQS') ?? {});
  const AttributeNames = ['ApproximateNumberOfMessages' as const];
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  const waiting = Number(Attributes?.ApproximateNumberOfMessages ?? 0);
  if (waiting === 0) return ok('dead letters', 'none');
  return notOk(
    'dead letters',
    `${waiting} events wait that nobody could handle`,
    'npx fairlead dead-letters shows them, and sends them again',
  );
}
