import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOn, readTail } from '../../../lib/engine/codebuild/logs.ts';
import { startMoto, whyNoMoto } from './moto.ts';
import { reach } from './place.ts';

const why = whyNoMoto();

/** On one machine nobody but CodeBuild writes to a log, so that this is for moto alone. */
describe.skipIf(why !== undefined)(`moto's logs${why === undefined ? '' : ` (${why})`}`, () => {
  let moto: Awaited<ReturnType<typeof startMoto>>;
  let client: CloudWatchLogsClient;
  const log = { group: '/aws/codebuild/one', stream: 'build' };
  beforeAll(async () => {
    moto = await startMoto();
    client = new CloudWatchLogsClient(reach(moto.endpoint).client);
    await client.send(new CreateLogGroupCommand({ logGroupName: log.group }));
  }, 600_000);
  afterAll(async () => await moto?.close());

  let at = Date.now();
  const write = async (...messages: string[]) =>
    await client.send(
      new PutLogEventsCommand({
        logGroupName: log.group,
        logStreamName: log.stream,
        logEvents: messages.map((message) => ({ message, timestamp: at++ })),
      }),
    );

  test('a stream that is not there yet has no lines', async () => {
    expect(await readOn(client, log)).toEqual({ lines: [], token: undefined });
    expect(await readTail(client, log)).toEqual([]);
  });

  test('a build is followed line by line, none of them twice, and its last lines are read', async () => {
    const stream = { logGroupName: log.group, logStreamName: log.stream };
    await client.send(new CreateLogStreamCommand(stream));
    await write('one\n', 'two\nthree\r\n');
    const first = await readOn(client, log);
    expect(first.lines).toEqual(['one', 'two', 'three']);
    expect((await readOn(client, log, first.token)).lines).toEqual([]);
    await write('four');
    const second = await readOn(client, log, first.token);
    expect(second.lines).toEqual(['four']);
    expect(await readTail(client, log)).toEqual(['one', 'two', 'three', 'four']);
  });
});
