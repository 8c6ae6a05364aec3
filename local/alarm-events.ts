import { randomUUID } from 'node:crypto';
import type { Place } from './aws/service.ts';
import type { AlarmChange } from './aws/services/cloudwatch-alarms.ts';

/** Where alarms are told. */
export interface Listeners {
  /** Names of functions that a rule of EventBridge tells of every alarm that begins to ring. */
  watchers: readonly string[];
  invoke(reference: string, event: unknown): void;
  publish(topicArn: string, subject: string, message: string): void;
}

/** Tells of an alarm's new state, as CloudWatch does: by EventBridge, and to the alarm's own actions. */
export function tellAlarm(change: AlarmChange, arn: string, place: Place, listeners: Listeners): void {
  const { alarm } = change;
  if (alarm.state === 'ALARM')
    for (const name of listeners.watchers) listeners.invoke(name, bridged(change, arn, place));
  for (const action of alarm.actions[alarm.state]) {
    if (action.startsWith('arn:aws:lambda:')) act(() => listeners.invoke(action, direct(change, arn, place)));
    if (action.startsWith('arn:aws:sns:'))
      listeners.publish(action, `${alarm.state}: "${alarm.name}"`, notification(change, arn, place));
  }
}

/** An action that fails, because its function is gone, is nobody's fault who sets the alarm. */
function act(action: () => void): void {
  try {
    action();
  } catch {
    // CloudWatch would say so in the alarm's history.
  }
}

/** The event of EventBridge. Source: "Alarm events and EventBridge", Amazon CloudWatch User Guide. */
function bridged(change: AlarmChange, arn: string, { region, account }: Place) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'CloudWatch Alarm State Change',
    source: 'aws.cloudwatch',
    account,
    time: new Date(change.alarm.changedAt * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [arn],
    detail: about(change),
  };
}

/** What a Lambda function gets that is an alarm's action. Source: "Invoke a Lambda function from an alarm", ibid. */
function direct(change: AlarmChange, arn: string, { region, account }: Place) {
  return {
    source: 'aws.cloudwatch',
    alarmArn: arn,
    accountId: account,
    time: stamp(change.alarm.changedAt),
    region,
    alarmData: about(change),
  };
}

function about({ alarm, previous }: AlarmChange) {
  const { put } = alarm;
  return {
    alarmName: alarm.name,
    configuration: { ...(put.AlarmDescription !== undefined && { description: put.AlarmDescription }) },
    previousState: { value: previous.state, reason: previous.reason, timestamp: stamp(previous.changedAt) },
    state: { value: alarm.state, reason: alarm.reason, timestamp: stamp(alarm.changedAt) },
  };
}

/** The text of a notification. Source: "Notifying users on alarm changes", ibid. */
function notification({ alarm, previous }: AlarmChange, arn: string, { region, account }: Place): string {
  return JSON.stringify({
    AlarmName: alarm.name,
    AlarmDescription: alarm.put.AlarmDescription ?? null,
    AWSAccountId: account,
    NewStateValue: alarm.state,
    NewStateReason: alarm.reason,
    StateChangeTime: stamp(alarm.changedAt),
    Region: region,
    AlarmArn: arn,
    OldStateValue: previous.state,
  });
}

/** As CloudWatch writes it: `2019-10-02T17:04:40.985+0000`. */
function stamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('Z', '+0000');
}
