import { subscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetDurableExecutionHistoryCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { openCloud } from '../../bin/cloud.ts';
import { METRICS } from '../../lib/report/metrics.ts';
import { FUNCTIONS, OPERATE } from '../../lib/stacks/functions.ts';
import { embeddedMetrics } from '../../local/aws/services/cloudwatch-embedded.ts';
import type { Cloud } from '../../local/cloud.ts';
import { App } from '../../test/e2e/harness/app.ts';
import type { Counts } from './counts.ts';
import { idleCounts } from './idle.ts';

/** How many pushes are measured, after the first, which fills the caches. */
const PUSHES = 10;

/** What happened since the last time somebody asked. */
class Counter {
  readonly calls = new Map<string, number>();
  readonly requests = new Map<number, number>();
  /** Of them, those that write, but for git's own. */
  readonly writes = new Map<number, number>();
  /** Namespace, name and dimensions of each metric that the functions wrote. */
  readonly metrics = new Set<string>();
  readonly logs = { bytes: 0 };

  add(name: string): void {
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
  }

  /** Every request to a server of this process, by the port that it came to. */
  listen(): void {
    subscribe('http.server.request.start', (message) => {
      const { request } = message as { request: IncomingMessage };
      const port = request.socket.localPort ?? 0;
      this.requests.set(port, (this.requests.get(port) ?? 0) + 1);
      if (request.method !== 'GET' && !/\/git-(upload|receive)-pack/.test(request.url ?? ''))
        this.writes.set(port, (this.writes.get(port) ?? 0) + 1);
    });
  }

  /** A line of a function's log, which is a record unless it is text: its bytes, and the metrics in it. */
  read(line: { record?: Record<string, unknown> }): void {
    this.logs.bytes += JSON.stringify(line).length;
    for (const { namespace, datum } of embeddedMetrics(line.record ?? {}, 0))
      this.metrics.add(JSON.stringify([namespace, datum.MetricName, datum.Dimensions]));
  }

  clear(): void {
    this.calls.clear();
    this.requests.clear();
    this.writes.clear();
    this.metrics.clear();
    this.logs.bytes = 0;
  }
}

/** Pushes a real app to a local cloud in this process, by the real functions, and counts what that takes. */
export async function measure(): Promise<Counts> {
  const counter = new Counter();
  counter.listen();
  const cloud = await openCloud({
    // Long: what is counted is a push, and not the clock.
    sweepEvery: 3600,
    onCall: ({ service, action }) => counter.add(`${service}:${action}`),
  });
  cloud.records.on('record', (line) => counter.read(line));
  const app = await App.create(cloud.git, 'scale');
  try {
    await push(app, 0);
    counter.clear();
    const before = await durations(cloud);
    const started = Date.now();
    for (let round = 1; round <= PUSHES; round++) await push(app, round);
    const seconds = (Date.now() - started) / 1000 / PUSHES;
    const after = await durations(cloud);
    const { calls, requests } = counter;
    const ports = await portsOf(cloud);
    const each = (value: number) => value / PUSHES;
    const functions = functionsOf(before, after);
    const counts = {
      measured: new Date().toISOString().slice(0, 10),
      pushes: PUSHES,
      calls: Object.fromEntries([...calls].sort().map(([name, count]) => [name, each(count)])),
      requests: {
        kubernetes: each(requests.get(ports.kubernetes) ?? 0),
        // A push itself takes three requests, which are its own.
        gitHost: Math.max(0, each(requests.get(ports.git) ?? 0) - 3),
        gitHostWrites: each(counter.writes.get(ports.git) ?? 0),
        registry: each(requests.get(ports.registry) ?? 0),
      },
      dynamoDb: units(calls, await releaseBytes(cloud), each),
      functions,
      seconds: { build: functions['build-image']?.seconds ?? 0, push: seconds },
      bytes: { logs: each(counter.logs.bytes), image: 4_000_000 },
      metrics: metricsOf(counter),
    };
    const swept = await sweep(cloud, counter, ports.git);
    return { ...counts, sweep: swept, durable: await durable(cloud), idle: idleCounts() };
  } finally {
    await app.remove();
    await cloud.close();
  }
}

async function push(app: App, round: number): Promise<void> {
  const source = await readFile(join(app.directory, 'main.go'), 'utf8');
  await app.commit({
    'main.go': source.replace(/greeting = .*/, `greeting = "round ${round} of ${Date.now()}"`),
    'fairlead.yaml': 'bake: 0\n',
  });
  const pushed = await app.push();
  if (pushed.outcome !== 'live') throw new Error(pushed.text);
}

async function portsOf({ git, registry, kubeconfig }: Cloud) {
  const server = /server: (\S+)/.exec(await readFile(kubeconfig, 'utf8'))?.[1] ?? '';
  const port = (url: string) => Number(new URL(url).port);
  return { git: port(git), registry: port(registry), kubernetes: port(server) };
}

/** The sweep's own are written by the clock, and are among what an idle installation has. */
function metricsOf({ metrics }: Counter): Counts['metrics'] {
  const ofPushes = [...metrics].filter((one) => !one.includes(`"${METRICS.swept.service}"`));
  const ofApp = ofPushes.filter((one) => one.includes('"Name":"app"')).length;
  return { ofAll: ofPushes.length - ofApp, ofApp };
}

/** One round, for the one repository there is. */
async function sweep(cloud: Cloud, counter: Counter, git: number): Promise<Counts['sweep']> {
  const client = new LambdaClient(settings(cloud, 'LAMBDA'));
  counter.clear();
  await client.send(new InvokeCommand({ FunctionName: 'sweep', Payload: '{}' }));
  return { gitHost: counter.requests.get(git) ?? 0 };
}

function settings({ person }: Cloud, name: string) {
  const { region, accessKeyId, secretAccessKey, endpoints } = person;
  const endpoint = endpoints[`AWS_ENDPOINT_URL_${name}`] ?? '';
  return { region, endpoint, credentials: { accessKeyId, secretAccessKey } };
}

type Durations = Record<string, { invocations: number; ms: number }>;

/** What CloudWatch has of each function since the cloud came up. */
async function durations(cloud: Cloud): Promise<Durations> {
  const client = new CloudWatchClient(settings(cloud, 'CLOUDWATCH'));
  const now = Date.now();
  const read: Durations = {};
  for (const { name, functionName } of FUNCTIONS) {
    const Dimensions = [{ Name: 'FunctionName', Value: functionName ?? name }];
    const stat = (Id: string, Stat: string) => ({
      Id,
      MetricStat: {
        Metric: { Namespace: 'AWS/Lambda', MetricName: 'Duration', Dimensions },
        Period: 60,
        Stat,
      },
    });
    const { MetricDataResults = [] } = await client.send(
      new GetMetricDataCommand({
        StartTime: new Date(now - 3_600_000),
        EndTime: new Date(now + 60_000),
        MetricDataQueries: [stat('sum', 'Sum'), stat('count', 'SampleCount')],
      }),
    );
    const total = (id: string) =>
      (MetricDataResults.find(({ Id }) => Id === id)?.Values ?? []).reduce((sum, value) => sum + value, 0);
    read[name] = { invocations: total('count'), ms: total('sum') };
  }
  return read;
}

function functionsOf(before: Durations, after: Durations): Counts['functions'] {
  return Object.fromEntries(
    FUNCTIONS.flatMap(({ name, memory }) => {
      const invocations = ((after[name]?.invocations ?? 0) - (before[name]?.invocations ?? 0)) / PUSHES;
      const seconds = ((after[name]?.ms ?? 0) - (before[name]?.ms ?? 0)) / 1000 / PUSHES;
      return invocations === 0
        ? []
        : [[name, { invocations, seconds, gbSeconds: (seconds * memory) / 1024 }]];
    }),
  );
}

/** Bytes of the largest item: a release with all its resources. */
async function releaseBytes(cloud: Cloud): Promise<number> {
  const client = new DynamoDBClient(settings(cloud, 'DYNAMODB'));
  const { Items = [] } = await client.send(new ScanCommand({ TableName: 'fairlead-ledger' }));
  return Math.max(...Items.map((item) => JSON.stringify(item).length));
}

/** A release is put once, and changed twice; a query reads some of them. Everything else is below 1 KB. */
function units(calls: ReadonlyMap<string, number>, release: number, each: (value: number) => number) {
  const count = (...actions: string[]) =>
    each(actions.reduce((sum, action) => sum + (calls.get(`dynamodb:${action}`) ?? 0), 0));
  const large = Math.ceil(release / 1024) - 1;
  return {
    writeUnits: count('PutItem', 'UpdateItem', 'DeleteItem') + 3 * large,
    readUnits: count('GetItem') + count('Query') * 2 + 2 * Math.ceil(release / 4096),
  };
}

/** Of one deployment that a person asks for: it is the sentence of a push, and its execution is known by its ARN. */
async function durable(cloud: Cloud): Promise<Counts['durable']> {
  const client = new LambdaClient(settings(cloud, 'LAMBDA'));
  const ask = async (question: object) => {
    const Payload = JSON.stringify(question);
    const answer = await client.send(new InvokeCommand({ FunctionName: OPERATE, Payload }));
    return JSON.parse(Buffer.from(answer.Payload ?? []).toString()) as { is: string; execution?: string };
  };
  const { execution = '' } = await ask({ do: 'redeploy', app: 'scale' });
  for (;;) {
    const { is } = await ask({ do: 'progress', execution });
    if (is === 'ended') break;
    await new Promise((wake) => setTimeout(wake, 300));
  }
  const events: { EventType?: string }[] = [];
  let Marker: string | undefined;
  do {
    const page = await client.send(
      new GetDurableExecutionHistoryCommand({
        DurableExecutionArn: execution,
        IncludeExecutionData: true,
        Marker,
      }),
    );
    events.push(...(page.Events ?? []));
    Marker = page.NextMarker;
  } while (Marker !== undefined && Marker !== '');
  // One operation begins with each of them, and each try of a step that failed is one more.
  const operations = events.filter(({ EventType = '' }) => /Started$|StepFailed$/.test(EventType)).length;
  return { operations, bytesWritten: JSON.stringify(events).length };
}
