import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateMicrovmAuthTokenCommand,
  GetMicrovmCommand,
  LambdaMicrovmsClient,
  ResumeMicrovmCommand,
  RunMicrovmCommand,
  type RunMicrovmRequest,
  SuspendMicrovmCommand,
  TerminateMicrovmCommand,
} from '@aws-sdk/client-lambda-microvms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AwsCall } from '../../../local/aws/admission.ts';
import { startAws } from '../../../local/aws/start.ts';
import { probeIsolation } from '../../../local/microvm/isolation.ts';
import { type MicroVms, startMicroVms } from '../../../local/microvm/start.ts';

const isolation = await probeIsolation();
const IMAGE = { arn: 'arn:aws:lambda:us-east-1:000000000000:microvm-image:test', version: '1.0' };
const KEYS = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret' };

/** A server in a VM that answers with what it was run with, and counts while it runs. */
const SERVER = `
import { createServer } from 'node:http';
import { spawn } from 'node:child_process';
const { LISTEN, LISTEN_HOOKS } = process.env;
let ran = '', count = 0;
const hooks = [];
setInterval(() => count++, 10);
spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
createServer((request, response) => response.end(JSON.stringify({ ran, count, hooks }))).listen(LISTEN);
createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const name = request.url.split('/').at(-1);
  hooks.push(name);
  if (name === 'run') ran = body;
  response.writeHead(body.includes('refuse') ? 500 : 200).end();
}).listen(LISTEN_HOOKS);
`;

let directory: string;
let vms: MicroVms;
let aws: Awaited<ReturnType<typeof startAws>>;
let client: LambdaMicrovmsClient;
const calls: AwsCall[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'flvm-'));
  await writeFile(join(directory, 'server.mjs'), SERVER);
  vms = await startMicroVms({
    folder: join(directory, 'vm'),
    node: process.execPath,
    entry: join(directory, 'server.mjs'),
    environment: { PATH: process.env.PATH ?? '' },
    secondMs: 5,
    lagMs: 100,
    most: 12,
  });
  aws = await startAws({
    region: 'us-east-1',
    account: '000000000000',
    principals: [{ ...KEYS, arn: 'arn:aws:iam::000000000000:role/build-image' }],
    registry: { host: 'x', url: 'http://x' },
    cluster: () => undefined,
    microVms: { vms, image: IMAGE },
  });
  aws.calls.on('call', (call) => calls.push(call));
  client = new LambdaMicrovmsClient({
    endpoint: aws.endpoint,
    region: 'us-east-1',
    credentials: KEYS,
    maxAttempts: 1,
  });
});
afterAll(async () => {
  await aws.close();
  await vms.close();
  await rm(directory, { recursive: true, force: true });
});

const run = (changes: Partial<RunMicrovmRequest> = {}) =>
  client.send(new RunMicrovmCommand({ imageIdentifier: IMAGE.arn, ...changes }));
const get = (microvmIdentifier = '') => client.send(new GetMicrovmCommand({ microvmIdentifier }));

async function until(state: string, id = ''): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(20))
    if ((await get(id)).state === state) return;
  throw new Error(`${id} is not ${state}: ${(await get(id)).state}`);
}

async function token(microvmIdentifier = '', port = 8080, expirationInMinutes = 5): Promise<string> {
  const asked = { microvmIdentifier, expirationInMinutes, allowedPorts: [{ port }] };
  const { authToken } = await client.send(new CreateMicrovmAuthTokenCommand(asked));
  return authToken?.['X-aws-proxy-auth'] ?? '';
}

interface Said {
  ran: string;
  count: number;
  hooks: string[];
}

async function ask(endpoint = '', auth = '', headers: Record<string, string> = {}): Promise<Said | number> {
  const response = await fetch(endpoint, { headers: { 'x-aws-proxy-auth': auth, ...headers } });
  return response.ok ? ((await response.json()) as Said) : response.status;
}

describe.skipIf(!isolation.able)('a MicroVM', () => {
  test('is run, told its payload, and reached by its endpoint alone', async () => {
    const { microvmId, endpoint, state } = await run({ runHookPayload: 'hello' });
    expect(state).toBe('PENDING');
    await until('RUNNING', microvmId);
    const said = await ask(endpoint, await token(microvmId));
    expect(said).toMatchObject({ ran: JSON.stringify({ microvmId, runHookPayload: 'hello' }) });
  });

  test('lets in nobody without a token for it and its port', async () => {
    const [one, other] = [await run(), await run()];
    await until('RUNNING', one.microvmId);
    expect(await ask(one.endpoint)).toBe(403);
    expect(await ask(one.endpoint, 'made up')).toBe(403);
    expect(await ask(one.endpoint, await token(other.microvmId))).toBe(403);
    expect(await ask(one.endpoint, await token(one.microvmId, 9000))).toBe(403);
    expect(await ask(one.endpoint, await token(one.microvmId), { 'x-aws-proxy-port': '9000' })).toBe(403);
  });

  test('is run once for a client token, and not with other parameters', async () => {
    const twice = await Promise.all([run({ clientToken: 'a' }), run({ clientToken: 'a' })]);
    expect(twice[0].microvmId).toBe(twice[1].microvmId);
    await expect(run({ clientToken: 'a', runHookPayload: 'else' })).rejects.toMatchObject({
      name: 'ConflictException',
    });
  });

  test('stands still while it is suspended, all of it, and goes on where it was', async () => {
    const { microvmId, endpoint } = await run();
    await until('RUNNING', microvmId);
    const auth = await token(microvmId);
    await client.send(new SuspendMicrovmCommand({ microvmIdentifier: microvmId }));
    await until('SUSPENDED', microvmId);
    await expect(
      client.send(new SuspendMicrovmCommand({ microvmIdentifier: microvmId })),
    ).rejects.toMatchObject({
      name: 'ConflictException',
    });
    // Without an idle policy nothing resumes it by itself.
    expect(await ask(endpoint, auth)).toBe(503);
    await client.send(new ResumeMicrovmCommand({ microvmIdentifier: microvmId }));
    await until('RUNNING', microvmId);
    const said = await ask(endpoint, auth);
    expect(said).toMatchObject({ hooks: expect.arrayContaining(['run', 'suspend', 'resume']) });
  });

  test('falls asleep when nobody asks, wakes up when somebody does, and ends in the end', async () => {
    const idlePolicy = { maxIdleDurationSeconds: 60, suspendedDurationSeconds: 200, autoResumeEnabled: true };
    const { microvmId, endpoint } = await run({ idlePolicy });
    await until('SUSPENDED', microvmId);
    expect(await ask(endpoint, await token(microvmId))).toMatchObject({
      hooks: expect.arrayContaining(['resume']),
    });
    await until('TERMINATED', microvmId);
    expect((await get(microvmId)).stateReason).toBe('it was suspended for too long');
  });

  test('ends when it is terminated, with all that runs in it', async () => {
    const { microvmId, endpoint } = await run();
    await until('RUNNING', microvmId);
    await client.send(new TerminateMicrovmCommand({ microvmIdentifier: microvmId }));
    await until('TERMINATED', microvmId);
    await expect(fetch(endpoint ?? '')).rejects.toThrow();
    await expect(token(microvmId)).rejects.toMatchObject({ name: 'ConflictException' });
  });

  test('that refuses its run hook is terminated, with the reason', async () => {
    const { microvmId } = await run({ runHookPayload: 'refuse' });
    await until('TERMINATED', microvmId);
    expect((await get(microvmId)).stateReason).toBe('its run hook answered 500');
  });

  test.each<[string, Partial<RunMicrovmRequest>, string]>([
    ['another image', { imageIdentifier: 'arn:else' }, 'ResourceNotFoundException'],
    ['another version', { imageVersion: '9.9' }, 'ResourceNotFoundException'],
    ['a payload of more than 16 KB', { runHookPayload: 'x'.repeat(16_385) }, 'ValidationException'],
    ['a life of more than 8 hours', { maximumDurationInSeconds: 28_801 }, 'ValidationException'],
    [
      'less than a minute without requests',
      { idlePolicy: { maxIdleDurationSeconds: 59, suspendedDurationSeconds: 0, autoResumeEnabled: true } },
      'ValidationException',
    ],
  ])('is refused with %s', async (_, changes, name) => {
    await expect(run(changes)).rejects.toMatchObject({ name });
  });

  test('has no token for more than an hour, or for no port', async () => {
    const { microvmId } = await run();
    await expect(token(microvmId, 8080, 61)).rejects.toMatchObject({ name: 'ValidationException' });
    const none = { microvmIdentifier: microvmId, expirationInMinutes: 5, allowedPorts: [] };
    await expect(client.send(new CreateMicrovmAuthTokenCommand(none))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await expect(get('mvm-none')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('is a matter of IAM by its image', () => {
    const asked = calls.filter(({ action }) => action === 'RunMicrovm');
    expect(asked[0]).toMatchObject({ service: 'lambda', resource: IMAGE.arn });
  });
});

describe.skipIf(!isolation.able)('the end of the local cloud', () => {
  test('is the end of its MicroVMs, the suspended ones too, however it comes', async () => {
    const script = `
      import { startMicroVms } from ${JSON.stringify(join(import.meta.dirname, '../../../local/microvm/start.ts'))};
      const vms = await startMicroVms({ folder: process.argv[2], node: process.execPath,
        entry: ${JSON.stringify(join(directory, 'server.mjs'))}, environment: { PATH: process.env.PATH, MARK: process.argv[3] } });
      const all = [1, 2].map(() => vms.run({ runHookPayload: '', maximumDurationInSeconds: 100 }));
      for (const vm of await Promise.all(all)) while (vm.state() === 'PENDING') await new Promise((wake) => setTimeout(wake, 20));
      await vms.all()[0].suspend();
      console.log('up');
      setInterval(() => {}, 1000);`;
    const file = join(directory, 'cloud.ts');
    await writeFile(file, script);
    const folder = join(directory, 'other');
    const child = spawn(process.execPath, [file, folder, 'mark'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const before = await processesIn(folder);
    expect(before.length).toBeGreaterThanOrEqual(4);
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const end = Date.now() + 5_000; Date.now() < end; await sleep(50))
      if ((await processesIn(folder)).length === 0) break;
    expect(await processesIn(folder)).toEqual([]);
  });
});

/** Processes whose home is below `folder`. */
async function processesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.includes(`HOME=${folder}/`)) found.push(pid);
  }
  return found;
}
