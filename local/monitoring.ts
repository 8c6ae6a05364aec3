import type { EventEmitter } from 'node:events';
import { tellAlarm } from './alarm-events.ts';
import type { Principal } from './aws/admission.ts';
import type { Place } from './aws/service.ts';
import type { startAws } from './aws/start.ts';
import type { DeadLetter } from './lambda/dead-letters.ts';
import type { FunctionSpec, LogRecord } from './lambda/types.ts';

type Aws = Awaited<ReturnType<typeof startAws>>;

/** Puts an event that was given up into the queue of its function, as Lambda does with the function's role. */
export function bury(aws: Aws, letter: DeadLetter, role: Principal | undefined): void {
  const { queue, body, attributes } = letter;
  if (role !== undefined)
    aws.admission.record({ service: 'sqs', action: 'SendMessage', resource: queue }, role);
  aws.queues.deliver(queue, { body, attributes });
}

/** Has CloudWatch take in what functions log, and tell of alarms: to the functions that watch, and by their actions. */
export function monitor(
  aws: Aws,
  place: Place,
  functions: readonly FunctionSpec[],
  lambda: {
    records: EventEmitter<{ record: [LogRecord] }>;
    deliver(reference: string, event: unknown): void;
  },
): void {
  lambda.records.on('record', (entry) => {
    if ('record' in entry) aws.cloudWatch.takeIn(entry.record);
  });
  const watchers = functions.flatMap(({ name, onAlarm }) => (onAlarm ? [name] : []));
  const publish = (topicArn: string, subject: string, message: string) =>
    aws.topics.publish({ topicArn, subject, message });
  aws.cloudWatch.alarms.changes.on('change', (change) =>
    tellAlarm(change, aws.cloudWatch.arnOf(change.alarm.name), place, {
      watchers,
      invoke: lambda.deliver,
      publish,
    }),
  );
}
