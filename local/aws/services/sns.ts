import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { AwsError } from '../error.ts';
import { type Input, optional } from '../input.ts';
import { awsQuery } from '../protocol.ts';
import type { Service } from '../service.ts';

export interface SnsMessage {
  id: string;
  topicArn: string;
  subject?: string | undefined;
  message: string;
}

/** Amazon SNS as far as publishing goes: messages are emitted, and the last ones are kept. */
export class Topics {
  readonly published = new EventEmitter<{ message: [SnsMessage] }>();
  readonly recent: SnsMessage[] = [];

  readonly service: Service = {
    iam: 'sns',
    protocol: awsQuery('http://sns.amazonaws.com/doc/2010-03-31/'),
    operations: {
      Publish: {
        resource: (input) => optional(input, 'TopicArn') ?? optional(input, 'TargetArn'),
        run: (input) => this.#publish(input),
      },
    },
  };

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
