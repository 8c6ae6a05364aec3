import { callJson } from './call.ts';
import type { Aws } from './types.ts';

/** A message that was received: nobody else gets it for a while. */
export interface Received {
  id: string;
  /** What it is deleted by, or given back. */
  receipt: string;
  body: string;
  /** ms since the epoch. */
  sentAt: number;
  attributes: Readonly<Record<string, string>>;
}

/** Seconds that are waited for a message: with any wait at all, SQS asks all the places where it keeps some. */
const WAIT = 1;
const MOST = 10;

/** Receives up to ten messages, and hides them for `seconds` ("ReceiveMessage", Amazon SQS API Reference). */
export async function receiveMessages(aws: Aws, queueUrl: string, seconds: number): Promise<Received[]> {
  const answer = await callSqs(aws, 'ReceiveMessage', {
    QueueUrl: queueUrl,
    MaxNumberOfMessages: MOST,
    VisibilityTimeout: seconds,
    WaitTimeSeconds: WAIT,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['SentTimestamp'],
  });
  const messages = (answer.Messages ?? []) as Message[];
  return messages.map(({ MessageId, ReceiptHandle, Body, Attributes, MessageAttributes = {} }) => ({
    id: MessageId,
    receipt: ReceiptHandle,
    body: Body,
    sentAt: Number(Attributes?.SentTimestamp ?? 0),
    attributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue]),
    ),
  }));
}

interface Message {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  Attributes?: { SentTimestamp?: string };
  MessageAttributes?: Record<string, { StringValue?: string }>;
}

/** "DeleteMessage", ibid. */
export async function deleteMessage(aws: Aws, queueUrl: string, receipt: string): Promise<void> {
  await callSqs(aws, 'DeleteMessage', { QueueUrl: queueUrl, ReceiptHandle: receipt });
}

/** Lets others have the message at once ("ChangeMessageVisibility", ibid.). */
export async function giveBack(aws: Aws, queueUrl: string, receipt: string): Promise<void> {
  const input = { QueueUrl: queueUrl, ReceiptHandle: receipt, VisibilityTimeout: 0 };
  await callSqs(aws, 'ChangeMessageVisibility', input);
}

async function callSqs(aws: Aws, action: string, input: Record<string, unknown>) {
  return await callJson(aws, 'sqs', `AmazonSQS.${action}`, input, '1.0');
}
