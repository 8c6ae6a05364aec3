import { createHash } from 'node:crypto';
import { AwsError } from '../error.ts';
import { type Input, object, required, strings } from '../input.ts';
import { awsJson } from '../protocol.ts';
import type { Place, Service } from '../service.ts';
import type { Meter } from './cloudwatch-meter.ts';
import { Queue, type Sent } from './sqs-queue.ts';

const MOST = 10;

/** Amazon SQS, as far as standard queues go: messages are kept in memory. */
export class Queues {
  readonly service: Service;
  readonly #queues = new Map<string, Queue>();
  readonly #place: Place;
  readonly #endpoint: () => string;
  readonly #meter: Meter;
  readonly #timer: NodeJS.Timeout;

  /** `endpoint` is the address in the URLs of queues. */
  constructor(place: Place, names: readonly string[], endpoint: () => string, meter: Meter) {
    this.#place = place;
    this.#endpoint = endpoint;
    this.#meter = meter;
    for (const name of names) this.#queues.set(name, new Queue());
    this.service = { iam: 'sqs', protocol: awsJson('1.0'), operations: this.#operations() };
    this.#timer = setInterval(() => this.measure(), MEASURED_EVERY).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  urlOf(name: string): string {
    return `${this.#endpoint()}/${this.#place.account}/${name}`;
  }

  arnOf(name: string): string {
    return `arn:aws:sqs:${this.#place.region}:${this.#place.account}:${name}`;
  }

  /** Puts a message into the queue with the ARN `arn`, on behalf of a service. */
  deliver(arn: string, message: Sent): string {
    const name = arn.split(':').at(-1) ?? '';
    const id = this.#find(name).send(message);
    this.measure();
    return id;
  }

  /** Says how deep each queue is, as SQS does every minute. */
  measure(): void {
    for (const [QueueName, queue] of this.#queues)
      this.#meter({
        namespace: 'AWS/SQS',
        name: 'ApproximateNumberOfMessagesVisible',
        dimensions: { QueueName },
        value: queue.visible,
        unit: 'Count',
      });
  }

  #operations(): Service['operations'] {
    const resource = (input: Input) => this.arnOf(this.#nameIn(input));
    const on = (run: (queue: Queue, input: Input) => unknown) => ({
      resource,
      run: (input: Input) => {
        const answer = run(this.#find(this.#nameIn(input)), input);
        this.measure();
        return answer;
      },
    });
    return {
      CreateQueue: {
        resource: (input) => this.arnOf(required(input, 'QueueName')),
        run: (input) => this.#create(required(input, 'QueueName')),
      },
      GetQueueUrl: {
        resource: (input) => this.arnOf(required(input, 'QueueName')),
        run: (input) => ({ QueueUrl: this.urlOf(this.#known(required(input, 'QueueName'))) }),
      },
      SendMessage: on((queue, input) => {
        const body = required(input, 'MessageBody');
        const attributes = object(input.MessageAttributes) as Sent['attributes'];
        return { MessageId: queue.send({ body, attributes }), MD5OfMessageBody: md5(body) };
      }),
      ReceiveMessage: on(receive),
      DeleteMessage: on((queue, input) => queue.delete(required(input, 'ReceiptHandle'))),
      ChangeMessageVisibility: on((queue, input) =>
        queue.hide(required(input, 'ReceiptHandle'), Number(input.VisibilityTimeout)),
      ),
      GetQueueAttributes: on((queue, input) => {
        const QueueArn = resource(input);
        const ApproximateNumberOfMessages = String(queue.visible);
        return { Attributes: { QueueArn, ApproximateNumberOfMessages } };
      }),
    };
  }

  #create(name: string) {
    if (!this.#queues.has(name)) this.#queues.set(name, new Queue());
    return { QueueUrl: this.urlOf(name) };
  }

  #nameIn(input: Input): string {
    return required(input, 'QueueUrl').split('/').at(-1) ?? '';
  }

  #known(name: string): string {
    this.#find(name);
    return name;
  }

  #find(name: string): Queue {
    const queue = this.#queues.get(name);
    if (queue !== undefined) return queue;
    throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.', 400);
  }
}

/** ms; SQS says it once a minute. */
const MEASURED_EVERY = 5_000;

function receive(queue: Queue, input: Input) {
  const most = Number(input.MaxNumberOfMessages ?? 1);
  if (!(most >= 1 && most <= MOST))
    throw new AwsError('InvalidParameterValue', `MaxNumberOfMessages must be from 1 to ${MOST}`);
  const hidden = input.VisibilityTimeout === undefined ? undefined : Number(input.VisibilityTimeout);
  const names = new Set([...strings(input, 'MessageAttributeNames')]);
  const system = new Set([
    ...strings(input, 'AttributeNames'),
    ...strings(input, 'MessageSystemAttributeNames'),
  ]);
  const Messages = queue.receive(most, hidden).map(({ id, receipt, body, attributes, sentAt, received }) => {
    const all = {
      SentTimestamp: String(sentAt),
      ApproximateReceiveCount: String(received),
    };
    const wanted = (name: string, set: Set<string>) => set.has('All') || set.has(name);
    return {
      MessageId: id,
      ReceiptHandle: receipt,
      Body: body,
      MD5OfBody: md5(body),
      Attributes: Object.fromEntries(Object.entries(all).filter(([name]) => wanted(name, system))),
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).filter(([name]) => wanted(name, names)),
      ),
    };
  });
  return Messages.length === 0 ? {} : { Messages };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
