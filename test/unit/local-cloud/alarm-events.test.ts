import { expect, test } from 'vitest';
import { rungOf } from '../../../lib/bake/alarm-event.ts';
import { type Listeners, tellAlarm } from '../../../local/alarm-events.ts';
import type { AlarmChange } from '../../../local/aws/services/cloudwatch-alarms.ts';

const LAMBDA = 'arn:aws:lambda:us-east-1:000000000000:function:act';
const GONE = 'arn:aws:lambda:us-east-1:000000000000:function:gone';
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:topic';
const ARN = 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors';
const AT = Date.parse('2026-01-01T12:00:00.250Z');

const change = (state: 'ALARM' | 'OK', previous: 'ALARM' | 'OK'): AlarmChange => ({
  alarm: {
    name: 'errors',
    source: { kind: 'none' },
    put: { AlarmDescription: 'too many' },
    tags: new Map(),
    state,
    reason: '9 errors',
    changedAt: AT / 1000,
    updatedAt: AT / 1000,
    actions: { ALARM: [GONE, LAMBDA, TOPIC], OK: [TOPIC], INSUFFICIENT_DATA: [] },
  },
  previous: { state: previous, reason: 'none', changedAt: AT / 1000 - 60 },
});

function hear(told: AlarmChange) {
  const events: Record<string, unknown> = {};
  const published: [string, string, string][] = [];
  const listeners: Listeners = {
    watchers: ['watch'],
    invoke: (name, event) => {
      if (name === GONE) throw new Error('there is no such function');
      events[name] = event;
    },
    publish: (...message) => published.push(message),
  };
  tellAlarm(told, ARN, { region: 'us-east-1', account: '000000000000' }, listeners);
  return { events, published };
}

test('an alarm that rings is told to watchers, to functions and to topics', () => {
  const { events, published } = hear(change('ALARM', 'OK'));
  const rung = { name: 'errors', arn: ARN, at: '2026-01-01T12:00:00.250Z', reason: '9 errors', fromOk: true };
  expect(events.watch).toMatchObject({
    source: 'aws.cloudwatch',
    'detail-type': 'CloudWatch Alarm State Change',
  });
  expect(rungOf(events.watch)).toEqual(rung);
  expect(events[LAMBDA]).toMatchObject({ alarmArn: ARN, accountId: '000000000000' });
  expect(rungOf(events[LAMBDA])).toEqual(rung);
  expect(published).toEqual([
    [TOPIC, 'ALARM: "errors"', expect.stringContaining('"NewStateReason":"9 errors"')],
  ]);
});

test('an alarm that is quiet again is told to its own actions only', () => {
  const { events, published } = hear(change('OK', 'ALARM'));
  expect(events).toEqual({});
  expect(published).toHaveLength(1);
});
