import { AwsError } from '../error.ts';
import { type Input, optional, required } from '../input.ts';
import { awsJson } from '../protocol.ts';
import type { Place, Service } from '../service.ts';

const DEFAULT_PAGE = 10_000;

interface Event {
  timestamp: number;
  message: string;
}

/** As much of CloudWatch Logs as reading what builds wrote takes. A token names an event, as AWS's does. */
export class LogStreams {
  readonly service: Service;
  /** Of a log group. */
  readonly arnOf: (group: string) => string;
  readonly #streams = new Map<string, Event[]>();

  constructor({ region, account }: Place) {
    this.arnOf = (group: string) => `arn:aws:logs:${region}:${account}:log-group:${group}`;
    const resource = (input: Input) =>
      `${this.arnOf(optional(input, 'logGroupName') ?? '')}:log-stream:${optional(input, 'logStreamName') ?? ''}`;
    this.service = {
      iam: 'logs',
      protocol: awsJson('1.1'),
      operations: { GetLogEvents: { resource, run: (input) => this.#page(input) } },
    };
  }

  append(group: string, stream: string, message: string): void {
    const key = `${group} ${stream}`;
    const events = this.#streams.get(key) ?? [];
    this.#streams.set(key, events);
    events.push({ timestamp: Date.now(), message: `${message}\n` });
  }

  #page(input: Input) {
    const events = this.#streams.get(
      `${required(input, 'logGroupName')} ${required(input, 'logStreamName')}`,
    );
    if (events === undefined)
      throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
    const limit = Number(input.limit ?? DEFAULT_PAGE);
    const token = optional(input, 'nextToken');
    const [, at] = /^f\/(\d+)$/.exec(token ?? '') ?? [];
    if (token !== undefined && at === undefined)
      throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
    const fromHead = token !== undefined || input.startFromHead === true;
    const from = fromHead ? Number(at ?? 0) : Math.max(0, events.length - limit);
    const page = events.slice(from, from + limit);
    return {
      events: page.map((event) => ({ ...event, ingestionTime: event.timestamp })),
      nextForwardToken: `f/${from + page.length}`,
      nextBackwardToken: `b/${from}`,
    };
  }
}
