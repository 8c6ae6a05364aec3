import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LambdaMicrovmsClient } from '@aws-sdk/client-lambda-microvms';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Control } from '../../../lib/engine/microvm/control.ts';
import { MicrovmEngine } from '../../../lib/engine/microvm/engine.ts';
import { Fleet } from '../../../lib/engine/microvm/fleet.ts';
import type { BuildEvent, Followed, RemoteJob } from '../../../lib/engine/types.ts';
import { machinePlatform } from '../../../lib/image/platform.ts';
import { startAws } from '../../../local/aws/start.ts';
import { probeIsolation } from '../../../local/microvm/isolation.ts';
import { type MicroVms, startMicroVms } from '../../../local/microvm/start.ts';

const isolation = await probeIsolation();
const IMAGE = { arn: 'arn:aws:lambda:us-east-1:000000000000:microvm-image:test', version: '1.0' };
const KEYS = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret' };

let directory: string;
let carried: string;
const calls: string[] = [];
let vms: MicroVms;
let aws: Awaited<ReturnType<typeof startAws>>;

async function cloud(options: { most?: number; lagMs?: number } = {}): Promise<void> {
  vms = await startMicroVms({
    folder: join(directory, 'vm'),
    node: process.execPath,
    entry: join(import.meta.dirname, 'vm-entry.ts'),
    environment: { PATH: process.env.PATH ?? '', CARRIED: carried },
    secondMs: 20,
    ...options,
  });
  aws = await startAws({
    region: 'us-east-1',
    account: '000000000000',
    principals: [{ ...KEYS, arn: 'arn:aws:iam::000000000000:role/build-image' }],
    registry: { host: 'x', url: 'http://x' },
    cluster: () => undefined,
    microVms: { vms, image: IMAGE },
  });
  aws.calls.on('call', ({ service, action }) => calls.push(`${service}:${action}`));
}

async function down(): Promise<void> {
  await aws.close();
  await vms.close();
}

function engineOf(secret = 'the secret', patienceMs = 10_000): MicrovmEngine {
  const client = new LambdaMicrovmsClient({
    endpoint: aws.endpoint,
    region: 'us-east-1',
    credentials: KEYS,
    maxAttempts: 1,
  });
  const fleet = new Fleet({
    control: new Control(client),
    image: IMAGE,
    secret: async () => secret,
    patienceMs,
  });
  const access = async () => ({
    source: { apiUrl: 'http://git.test' },
    network: { refuse: 'nothing' as const },
    isolation: 'required' as const,
    registries: { mirrors: {}, insecure: [], credentials: [] },
  });
  return new MicrovmEngine({ fleet, machine: machinePlatform(), access });
}

let count = 0;
function job(what: string, app = `app-${what}`): RemoteJob {
  const subject = { delivery: 'd', app, commit: 'c'.repeat(40) };
  const publishTo = `registry.test/${app}/${what}`;
  const request = {
    subject,
    repository: { host: 'github' as const, owner: 'o', name: 'n' },
    publishTo,
    tags: ['t'],
    fence: 1,
  };
  return { name: String(++count).padStart(40, '0'), request, platform: machinePlatform() };
}

async function run(
  asked: RemoteJob,
  engine = engineOf(),
): Promise<{ followed: Followed; events: BuildEvent[] }> {
  const events: BuildEvent[] = [];
  const { id } = await engine.start(asked);
  const followed = await engine.follow(
    asked,
    id,
    (event) => events.push(event),
    new Date(Date.now() + 30_000),
  );
  return { followed, events };
}

async function carriedOut(what: string): Promise<string[]> {
  const lines = (await readFile(carried, 'utf8')).split('\n');
  return lines.filter((line) => line.split(' ')[0]?.endsWith(`/${what}`));
}

const texts = (events: BuildEvent[]) =>
  events.flatMap((event) => (event.type === 'output' ? [event.text] : []));
const notices = (events: BuildEvent[]) =>
  events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'flvm-'));
  carried = join(directory, 'carried');
});
afterAll(() => rm(directory, { recursive: true, force: true }));
beforeEach(() => writeFile(carried, ''));

describe.skipIf(!isolation.able)('builds in MicroVMs', () => {
  beforeAll(() => cloud({ lagMs: 300, most: 50 }));
  afterAll(() => down());

  test('are told from the first event to the answer', async () => {
    const { followed, events } = await run(job('fine'));
    expect(texts(events)).toEqual(['one', 'two']);
    expect(followed).toMatchObject({ state: 'ended', answer: { outcome: 'built' } });
  });

  test('of one app share a VM, and of another app have another', async () => {
    await run(job('fine', 'shared'));
    await run(job('fine', 'shared'));
    await run(job('fine', 'other'));
    const folders = (await carriedOut('fine')).map((line) => line.split(' ')[1]);
    expect(folders[0]).toBe(folders[1]);
    expect(folders[2]).not.toBe(folders[0]);
  });

  test('have a VM each when they go on at the same time', async () => {
    const both = [job('slow-600', 'crowd'), job('slow-600', 'crowd')];
    const ended = await Promise.all(both.map((each) => run(each)));
    for (const { followed } of ended) expect(followed.state).toBe('ended');
    const folders = (await carriedOut('slow-600')).map((line) => line.split(' ')[1]);
    expect(new Set(folders).size).toBe(2);
  });

  test('are begun once, however often they are started, by whichever function', async () => {
    const asked = job('slow-500');
    const ids = await Promise.all([engineOf().start(asked), engineOf().start(asked)]);
    await engineOf().start(asked);
    const engine = engineOf();
    const answers = await Promise.all(
      ids.map(({ id }) => engine.follow(asked, id, () => {}, new Date(Date.now() + 20_000))),
    );
    expect(answers.map(({ state }) => state)).toEqual(['ended', 'ended']);
    expect(await carriedOut('slow-500')).toHaveLength(1);
  });

  test('are followed on by the next invocation, which hears what is new', async () => {
    const asked = job('slow-4000');
    const events: BuildEvent[] = [];
    const { id } = await engineOf().start(asked);
    const first = await engineOf().follow(
      asked,
      id,
      (event) => events.push(event),
      new Date(Date.now() + 3_500),
    );
    expect(first.state).toBe('running');
    expect(texts(events)).toEqual(['one']);
    if (first.state !== 'running') return;
    const soon = new Date(Date.now() + 20_000);
    const second = await engineOf().follow(asked, first.id, (event) => events.push(event), soon);
    expect(second.state).toBe('ended');
    expect(texts(events)).toEqual(['one', 'two']);
  });

  test('that fail are an answer, and are not tried again', async () => {
    const { followed } = await run(job('fails'));
    expect(followed).toEqual({
      state: 'ended',
      answer: { outcome: 'failed', blame: 'commit', reason: 'exit code 1', details: '' },
    });
    expect(await carriedOut('fails')).toHaveLength(1);
  });

  test('that break off begin anew in the same VM', async () => {
    const { followed, events } = await run(job('breaks'));
    expect(followed).toMatchObject({ state: 'ended', answer: { outcome: 'built' } });
    expect(notices(events)).toEqual(
      Array(2).fill('the build broke off (the registry went away); it begins anew'),
    );
    const folders = (await carriedOut('breaks')).map((line) => line.split(' ')[1]);
    expect(folders).toHaveLength(3);
    expect(new Set(folders).size).toBe(1);
  });

  test('that break off again and again are given up, with what happened', async () => {
    const { followed } = await run(job('always-breaks'));
    expect(followed).toMatchObject({
      state: 'ended',
      answer: {
        outcome: 'failed',
        blame: 'elsewhere',
        reason: expect.stringContaining('the registry went away'),
      },
    });
  });

  test.each(['dies', 'lies'])(
    'whose VM %s are tried in one more VM, and then given up',
    async (what) => {
      const { followed, events } = await run(job(what));
      expect(followed).toMatchObject({
        state: 'ended',
        answer: {
          outcome: 'failed',
          blame: 'elsewhere',
          reason: /^2 MicroVMs ended in the middle of the build: /,
        },
      });
      expect(notices(events)).toHaveLength(1);
      const folders = (await carriedOut(what)).map((line) => line.split(' ')[1]);
      expect(new Set(folders).size).toBe(2);
      expect(folders).toHaveLength(2);
    },
    60_000,
  );

  test.each([
    ['full', 2, /^a MicroVM has too little disk for it: no space left on device$/],
    ['hungry', 1, /^a MicroVM has too little memory for it: Dockerfile:3: too much$/],
  ])(
    'that need more than a VM has are for another engine: %s',
    { timeout: 60_000 },
    async (what, vms, cause) => {
      await expect(run(job(what))).rejects.toMatchObject({
        code: 'engine/exhausted',
        fault: { cause: expect.stringMatching(cause), remedy: expect.stringContaining('install CodeBuild') },
      });
      const folders = (await carriedOut(what)).map((line) => line.split(' ')[1]);
      expect([folders.length, new Set(folders).size]).toEqual([vms, vms]);
    },
  );

  test('whose VM is killed while nobody looks go on in another one', async () => {
    const asked = job('slow-1500', 'killed');
    const { id } = await engineOf().start(asked);
    await sleep(200);
    await vms.all().at(-1)?.crash();
    const events: BuildEvent[] = [];
    const until = new Date(Date.now() + 20_000);
    const followed = await engineOf().follow(asked, id, (event) => events.push(event), until);
    expect(followed).toMatchObject({ state: 'ended', answer: { outcome: 'built' } });
    expect(notices(events)[0]).toMatch(/the MicroVM ended in the middle of the build/);
  }, 40_000);

  test('find their VM asleep and wake it up, with what it kept', async () => {
    await run(job('fine', 'sleeper'));
    const [vm] = vms.all().slice(-1);
    await vm?.suspend();
    expect(vm?.state()).toBe('SUSPENDED');
    // Until the API tells of it, too.
    await sleep(400);
    await run(job('fine', 'sleeper'));
    expect(vms.all().at(-1)).toBe(vm);
    expect(vm?.state()).toBe('RUNNING');
  });

  test('make the calls that the role of the builder allows, and no others', () => {
    expect([...new Set(calls)].sort()).toEqual([
      'lambda:CreateMicrovmAuthToken',
      'lambda:GetMicrovm',
      'lambda:PassNetworkConnector',
      'lambda:ResumeMicrovm',
      'lambda:RunMicrovm',
      'lambda:TerminateMicrovm',
    ]);
  });

  test('take no VM that another installation has the key of', async () => {
    await run(job('fine', 'mine'));
    const before = vms.all().length;
    const stranger = engineOf('another secret', 500);
    // The same words with another payload: AWS refuses that.
    await expect(run(job('fine', 'mine'), stranger)).rejects.toMatchObject({ code: 'engine/refused' });
    expect(vms.all()).toHaveLength(before);
  });
});

describe.skipIf(!isolation.able)('without room for a MicroVM', () => {
  beforeAll(() => cloud({ most: 1 }));
  afterAll(() => down());

  test('says so, for another engine to take the build', async () => {
    await run(job('fine', 'first'));
    await expect(engineOf().start(job('fine', 'second'))).rejects.toMatchObject({
      code: 'engine/unavailable',
      fault: { cause: 'the quota of MicroVMs is used up' },
    });
  });
});
