import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { AwsError } from '../error.ts';
import { type Input, optional, required } from '../input.ts';
import { awsQuery } from '../protocol.ts';
import type { Service } from '../service.ts';

export interface SnsMessage {
  id: string;
  topicArn: string;
  subject?: string | undefined;
  message: string;
}

/** Puts a text into a queue, by its ARN. */
export type Deliver = (queueArn: string, text: string) => void;

/** Amazon SNS as far as publishing goes: messages are emitted, and the last ones are kept. */
export class Topics {
  readonly published = new EventEmitter<{ message: [SnsMessage] }>();
  readonly recent: SnsMessage[] = [];

  readonly service: Service;

  /** `deliver` puts a text into the queue with an ARN. */
  constructor(deliver: Deliver) {
    this.service = {
      iam: 'sns',
      protocol: awsQuery('http://sns.amazonaws.com/doc/2010-03-31/'),
      operations: this.#operations(deliver),
    };
  }

  #operations(deliver: Deliver): Service['operations'] {
    return {
      Subscribe: {
        resource: (input) => optional(input, 'TopicArn'),
        run: (input) => this.#subscribe(input, deliver),
      },
      Publish: {
        resource: (input) => optional(input, 'TopicArn') ?? optional(input, 'TargetArn'),
        run: (input) => this.#publish(input),
      },
    };
  }

  /** Subscriptions of queues: others are told by mail, which nobody sends here. */
  #subscribe(input: Input, deliver: Deliver) {
    const [topicArn, protocol] = [required(input, 'TopicArn'), required(input, 'Protocol')];
    const endpoint = required(input, 'Endpoint');
    if (protocol !== 'sqs')
      throw new AwsError('InvalidParameter', 'the local cloud takes subscriptions of SQS queues');
    this.published.on('message', (message) => {
      if (message.topicArn === topicArn) deliver(endpoint, envelope(message));
    });
    return { SubscriptionArn: `${topicArn}:${randomUUID()}` };
  }

  #publish(input: Input) {
    const topicArn = optional(input, 'TopicArn') ?? optional(input, 'TargetArn');
    const message = optional(input, 'Message');
    if (!topicArn) throw new AwsError('InvalidParameter', 'Invalid parameter: TopicArn');
    if (!message) throw new AwsError('InvalidParameter', 'Invalid parameter: Empty message');
    return { MessageId: this.publish({ topicArn, subject: optional(input, 'Subject'), message }) };
  }

  /** Answers the message's id. */
  publish(message: Omit<SnsMessage, 'id'>): string {
    const published = { id: randomUUID(), ...message };
    this.recent.push(published);
    if (this.recent.length > KEPT) this.recent.shift();
    this.published.emit('message', published);
    return published.id;
  }
}

const KEPT = 1000;

/** What a queue gets. Source: "Amazon SNS message format", raw message delivery being off. */
function envelope({ id, topicArn, subject, message }: SnsMessage): string {
  return JSON.stringify({
    Type: 'Notification',
    MessageId: id,
    TopicArn: topicArn,
    Subject: subject,
    Message: message,
    Timestamp: new Date().toISOString(),
  });
}
