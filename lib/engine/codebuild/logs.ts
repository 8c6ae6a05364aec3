import { type CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';

/** Where one build's output goes in CloudWatch Logs. */
export interface LogStream {
  group: string;
  stream: string;
}

/** Enough for the pieces of fairlead.yaml, and for what a failed command said last. */
const TAIL_EVENTS = 1_000;

/**
 * The lines after `token`, from the beginning without one, and the token for those to come. The same token comes back
 * when there are none. A stream that is not there yet has none either.
 */
export async function readOn(client: CloudWatchLogsClient, { group, stream }: LogStream, token?: string) {
  const page = await client
    .send(
      new GetLogEventsCommand({
        logGroupName: group,
        logStreamName: stream,
        startFromHead: true,
        ...(token === undefined ? {} : { nextToken: token }),
      }),
    )
    .catch(absent);
  return { lines: linesOf(page?.events), token: page?.nextForwardToken ?? token };
}

/** The last lines. */
export async function readTail(
  client: CloudWatchLogsClient,
  { group, stream }: LogStream,
): Promise<string[]> {
  const page = await client
    .send(
      new GetLogEventsCommand({
        logGroupName: group,
        logStreamName: stream,
        startFromHead: false,
        limit: TAIL_EVENTS,
      }),
    )
    .catch(absent);
  return linesOf(page?.events);
}

function absent(error: Error): undefined {
  if (error.name === 'ResourceNotFoundException') return undefined;
  throw error;
}

/** An event is a line, or several that came at once. */
function linesOf(events: { message?: string }[] = []): string[] {
  return events.flatMap(({ message = '' }) => message.replace(/\r?\n$/, '').split(/\r?\n/));
}
