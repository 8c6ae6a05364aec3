import { randomUUID } from 'node:crypto';
import { PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { deleteMessage, giveBack, receiveMessages } from '../../../lib/aws/sqs.ts';
import type { Part } from './suite.ts';

/** Dead letters, as they are looked at and taken out; and what a topic that alarms ring puts into a queue. */
export const queueSuite: Part = (test, place) => {
  const client = () => new SQSClient(place().client);
  const create = async () => {
    const { QueueUrl = '' } = await client().send(
      new CreateQueueCommand({ QueueName: `letters-${randomUUID()}` }),
    );
    return QueueUrl;
  };
  const send = async (QueueUrl: string, MessageBody: string) =>
    await client().send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody,
        // As Lambda has them ("Adding a dead-letter queue", AWS Lambda Developer Guide).
        MessageAttributes: { ErrorMessage: { DataType: 'String', StringValue: 'out of ink' } },
      }),
    );

  test('a message is received with what it says of itself, and hidden from others meanwhile', async () => {
    const url = await create();
    const { MessageId } = await send(url, '{"do":"it"}');
    const [letter, ...others] = await receiveMessages(place().aws, url, 60);
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      id: MessageId,
      body: '{"do":"it"}',
      attributes: { ErrorMessage: 'out of ink' },
    });
    expect(await receiveMessages(place().aws, url, 60)).toEqual([]);
  });

  test('a message says when it was sent', async () => {
    const url = await create();
    const before = Date.now();
    await send(url, 'one');
    const [letter] = await receiveMessages(place().aws, url, 60);
    // By another clock.
    expect(Math.abs((letter?.sentAt ?? 0) - before)).toBeLessThan(30_000);
  });

  test('a message that is given back is there for others at once, and one that is deleted for nobody', async () => {
    const url = await create();
    await send(url, 'one');
    const [first] = await receiveMessages(place().aws, url, 60);
    await giveBack(place().aws, url, first?.receipt ?? '');
    const [again] = await receiveMessages(place().aws, url, 60);
    expect(again?.id).toBe(first?.id);
    await giveBack(place().aws, url, again?.receipt ?? '');
    const [last] = await receiveMessages(place().aws, url, 60);
    await deleteMessage(place().aws, url, last?.receipt ?? '');
    expect(await receiveMessages(place().aws, url, 0)).toEqual([]);
  });

  test('ten messages are received at a time', async () => {
    const url = await create();
    for (let n = 0; n < 12; n++) await send(url, String(n));
    const received = [
      await receiveMessages(place().aws, url, 60),
      await receiveMessages(place().aws, url, 60),
    ];
    expect(received.map(({ length }) => length)).toEqual([10, 2]);
    expect(new Set(received.flat().map(({ body }) => body)).size).toBe(12);
  });

  test('a queue that is not there is told by its name', async () => {
    const url = (await create()).replace(/[^/]+$/, 'no-such-queue');
    await expect(receiveMessages(place().aws, url, 60)).rejects.toMatchObject({
      name: expect.stringMatching(/QueueDoesNotExist|NonExistentQueue/),
    });
  });

  test('a topic puts what it is told into a queue, in an envelope', async () => {
    const url = await create();
    const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] });
    const { Attributes } = await client().send(asked);
    const sns = new SNSClient(place().client);
    const TopicArn = place().topic;
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes?.QueueArn }));
    const { MessageId } = await sns.send(
      new PublishCommand({ TopicArn, Subject: 'ALARM', Message: 'it rings' }),
    );
    const [letter] = await receiveMessages(place().aws, url, 60);
    expect(JSON.parse(letter?.body ?? '')).toMatchObject({
      Type: 'Notification',
      ...{ MessageId, TopicArn, Subject: 'ALARM', Message: 'it rings' },
    });
  });
};
