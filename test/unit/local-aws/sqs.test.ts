import { PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { beforeEach, expect, test } from 'vitest';
import { as, builder, startCloud } from './cloud.ts';

let cloud: Awaited<ReturnType<typeof startCloud>>;
let client: SQSClient;
let QueueUrl: string;

beforeEach(async () => {
  cloud = await startCloud({ queues: ['letters'] });
  client = new SQSClient(as(builder, cloud.endpoint));
  QueueUrl = (await client.send(new GetQueueUrlCommand({ QueueName: 'letters' }))).QueueUrl ?? '';
  return async () => {
    client.destroy();
    await cloud.close();
  };
});

const receive = async (VisibilityTimeout = 30) => {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
    }),
  );
  return Messages;
};
const send = (MessageBody: string) =>
  client.send(
    new SendMessageCommand({
      QueueUrl,
      MessageBody,
      MessageAttributes: { Why: { DataType: 'String', StringValue: 'because' } },
    }),
  );

test('a message is there until it is deleted, and hidden from others while somebody has it', async () => {
  const { MessageId } = await send('hello');
  const [message] = await receive();
  expect(message).toMatchObject({
    MessageId,
    Body: 'hello',
    MessageAttributes: { Why: { StringValue: 'because' } },
    Attributes: { ApproximateReceiveCount: '1' },
  });
  expect(Date.now() - Number(message?.Attributes?.SentTimestamp)).toBeLessThan(5_000);
  expect(await receive()).toEqual([]);
  const { ReceiptHandle } = message ?? {};
  await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  const [again] = await receive();
  expect(again?.Attributes?.ApproximateReceiveCount).toBe('2');
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again?.ReceiptHandle }));
  expect(await receive(0)).toEqual([]);
});

test('says how deep it is, to whoever asks and to CloudWatch', async () => {
  await send('one');
  await send('two');
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  expect(Attributes).toMatchObject({
    QueueArn: 'arn:aws:sqs:us-east-1:000000000000:letters',
    ApproximateNumberOfMessages: '2',
  });
});

test('a queue that is not there is said to be so', async () => {
  await expect(client.send(new GetQueueUrlCommand({ QueueName: 'none' }))).rejects.toThrow(/does not exist/);
  const { QueueUrl: made } = await client.send(new CreateQueueCommand({ QueueName: 'none' }));
  expect(made).toBe(`${cloud.endpoint}/000000000000/none`);
});

test('gets what is published to a topic that it subscribes to', async () => {
  const sns = new SNSClient(as(builder, cloud.endpoint));
  const TopicArn = 'arn:aws:sns:us-east-1:000000000000:alarms';
  const Endpoint = 'arn:aws:sqs:us-east-1:000000000000:letters';
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
  await sns.send(new PublishCommand({ TopicArn, Subject: 'it rings', Message: '{"state":"ALARM"}' }));
  await sns.send(new PublishCommand({ TopicArn: `${TopicArn}-2`, Message: 'for others' }));
  const messages = await receive();
  expect(messages.map(({ Body = '' }) => JSON.parse(Body))).toMatchObject([
    { Type: 'Notification', TopicArn, Subject: 'it rings', Message: '{"state":"ALARM"}' },
  ]);
  sns.destroy();
});
