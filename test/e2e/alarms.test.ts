import { setTimeout as sleep } from 'node:timers/promises';
import { SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ledger } from '../../lib/ledger/ledger.ts';
import { METRICS } from '../../lib/report/metrics.ts';
import { AlarmedCloud, as, cloudWatchOf } from './harness/alarms.ts';
import { App } from './harness/app.ts';
import { fairlead } from './harness/fairlead.ts';
import { environmentsOf } from './harness/processes.ts';

let alarmed: AlarmedCloud;
let app: App;
let lambda: LambdaClient;
let ledger: Ledger;
const production = { app: 'rings', name: 'production' };
const version = (number: number) => ({ 'static/about.txt': `version ${number} of ${Date.now()}\n` });

beforeAll(async () => {
  alarmed = await AlarmedCloud.start();
  const { person, git } = alarmed.cloud;
  lambda = new LambdaClient(as(person, 'LAMBDA'));
  ledger = new Ledger(new DynamoDBClient(as(person, 'DYNAMODB')), 'fairlead-ledger');
  app = await App.create(git, production.app);
  alarmed.rest();
}, 120_000);
afterAll(async () => {
  await app?.remove();
  lambda?.destroy();
  await alarmed?.close();
}, 60_000);

const invoke = (FunctionName: string, event: unknown) =>
  lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
const sweep = () => invoke('sweep:live', {});
const command = (...args: string[]) => fairlead(process.pid, ...args);

/** Sees an alarm ring by what has happened, and be quiet once time passes; people are told of both, and what to do. */
async function ringsAndIsQuiet(name: string): Promise<void> {
  await rings(name);
  await isQuiet(name, () => alarmed.rest());
}

async function rings(name: string): Promise<void> {
  expect(await alarmed.stateOf(name), `before ${name}`).toBe('OK');
  await alarmed.told(name);
  alarmed.pass(5);
  expect(await alarmed.stateOf(name), name).toBe('ALARM');
  const [told] = await alarmed.told(name);
  expect(told).toMatchObject({ NewStateValue: 'ALARM' });
  expect(told?.AlarmDescription).toContain(`See "${name}" in docs/alarms.md`);
}

async function isQuiet(name: string, after: () => void): Promise<void> {
  after();
  expect(await alarmed.stateOf(name), `after ${name}`).toBe('OK');
  expect(await alarmed.told(name)).toMatchObject([{ NewStateValue: 'OK' }]);
}

/** Kills what runs of a function once somebody is at work in production. */
async function killAtWork(functionName: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(20)) {
    if ((await ledger.newestClaim(production))?.ended !== false) continue;
    const found = environmentsOf(functionName);
    for (const pid of found) process.kill(pid, 'SIGKILL');
    if (found.length > 0) return;
  }
}

describe('an alarm rings', { timeout: 180_000 }, () => {
  it('where a build takes longer than it should', async () => {
    expect((await app.push()).outcome).toBe('live');
    await ringsAndIsQuiet('slow-builds');
  });

  it('where a push does not become live', async () => {
    await app.commit({ Dockerfile: 'FROM scratch\nCOPY what-is-not-there /\n' });
    expect((await app.push()).outcome).toBe('failed');
    await ringsAndIsQuiet('failed-deployments');
    await app.git('revert', '--no-edit', 'HEAD');
  });

  it('where a person takes a release back', async () => {
    await app.commit(version(2));
    expect((await app.push()).outcome).toBe('live');
    alarmed.rest();
    const { code, out, err } = await command('rollback', app.name, '--reason', 'a test');
    expect(code, `${out}${err}`).toBe(0);
    await ringsAndIsQuiet('releases-taken-back');
  });

  it('where somebody is at work for too long, and where a push waits for that', async () => {
    const commit = await app.commit(version(3));
    // What an execution leaves behind that was stopped in the middle.
    const dead = { execution: 'arn:dead', delivery: 'dead' };
    const claim = await ledger.claim(production, dead, async () => commit);
    expect(claim).toMatchObject({ is: 'claimed' });
    const pushing = app.push();
    await sleep(2_500);
    await sweep();
    await ledger.settle(production, { fence: claim.is === 'claimed' ? claim.fence : 0 });
    expect((await pushing).outcome).toBe('live');
    await rings('stuck-deployments');
    expect(await alarmed.stateOf('waiting-pushes')).toBe('ALARM');
    await sweep();
    await isQuiet('stuck-deployments', () => alarmed.rest());
    expect(await alarmed.stateOf('waiting-pushes')).toBe('OK');
  });

  it('where webhooks are signed with another secret', async () => {
    const headers = {
      'x-github-event': 'push',
      'x-github-delivery': '1',
      'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
    };
    const send = () => fetch(alarmed.cloud.webhook, { method: 'POST', headers, body: '{}' });
    for (const answer of [await send(), await send()]) expect(answer.status).toBe(401);
    alarmed.pass(5);
    expect(await alarmed.stateOf('refused-webhooks')).toBe('OK');
    alarmed.rest();
    for (let sent = 0; sent < 3; sent++) await send();
    await ringsAndIsQuiet('refused-webhooks');
  });

  it('where a function throws', async () => {
    // An event that is not one of theirs.
    for (const name of ['receive-push', 'build-image', 'roll-out']) {
      expect((await invoke(name, null)).FunctionError).toBe('Unhandled');
      await ringsAndIsQuiet(`${name}-errors`);
    }
  });

  it('where the function deploy is killed, and goes on', async () => {
    const errors = async () => {
      const counts = await alarmed.values('AWS/Lambda', 'Errors', { FunctionName: 'deploy' });
      return counts.reduce((sum, count) => sum + count, 0);
    };
    const before = await errors();
    // It may just have left its build to another function, and nothing to be killed: then it is tried once more.
    for (let attempt = 0; attempt < 5 && (await errors()) === before; attempt++) {
      await app.commit(version(4));
      const pushing = app.push();
      await killAtWork('deploy');
      expect((await pushing).outcome).toBe('live');
    }
    expect(await errors()).toBeGreaterThan(before);
    await ringsAndIsQuiet('deploy-errors');
  });

  it('where more is asked of a function than it may take', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 8 }, sweep));
    expect(asked.some(({ status }) => status === 'rejected')).toBe(true);
    await ringsAndIsQuiet('functions-throttled');
  });

  it('where a function almost runs out of time', async () => {
    await fetch(alarmed.cloud.webhook);
    const [pid] = environmentsOf('receive-push');
    if (pid === undefined) throw new Error('receive-push has no process');
    alarmed.rest();
    process.kill(pid, 'SIGSTOP');
    const asking = fetch(alarmed.cloud.webhook);
    await sleep(22_700);
    process.kill(pid, 'SIGCONT');
    await asking;
    await ringsAndIsQuiet('near-time-out');
  });

  it('where no round of the sweep comes to its end', async () => {
    await sweep();
    alarmed.pass(5);
    expect(await alarmed.stateOf('sweep-not-running')).toBe('OK');
    await alarmed.told('sweep-not-running');
    alarmed.pass(25);
    expect(await alarmed.stateOf('sweep-not-running')).toBe('ALARM');
    expect(await alarmed.told('sweep-not-running')).toMatchObject([{ NewStateValue: 'ALARM' }]);
    await sweep();
    await isQuiet('sweep-not-running', () => alarmed.pass(5));
  });

  it('where nobody hears of alarms any more, as long as there is a sweep', async () => {
    const quietly = async (minutes: number) => {
      for (let passed = 0; passed < minutes; passed += 5) {
        await sweep();
        alarmed.pass(5);
      }
    };
    await quietly(20);
    await alarmed.told('watch-alarm-not-running');
    await quietly(100);
    expect(await alarmed.stateOf('sweep-not-running')).toBe('OK');
    expect(await alarmed.stateOf('watch-alarm-not-running')).toBe('ALARM');
    // Some alarm rings: that is heard.
    await invoke('roll-out', null);
    alarmed.pass(5);
    await heard();
    await quietly(20);
    expect(await alarmed.stateOf('watch-alarm-not-running')).toBe('OK');
    const told = await alarmed.told('watch-alarm-not-running');
    expect(told.map(({ NewStateValue }) => NewStateValue).slice(-2)).toEqual(['ALARM', 'OK']);
  });
});

const hearings = async () => {
  const values = await alarmed.values('Fairlead', METRICS.alarmHeard.metricName, { service: 'watch-alarm' });
  return values.reduce((sum, value) => sum + value, 0);
};

/** Waits until nothing is under way at watch-alarm. */
async function heard(): Promise<number> {
  for (let before = -1; ; ) {
    const now = await hearings();
    if (now === before) return now;
    before = now;
    await sleep(1_500);
  }
}

const RINGING = ['ledger-throttled', 'watch-alarm-errors', 'sweep-errors', 'operate-errors', 'dead-letters'];

describe('an event that dies three times', { timeout: 180_000 }, () => {
  let id = '';

  it('because the ledger refuses requests rings five alarms, and waits in the queue', async () => {
    alarmed.rest();
    await heard();
    alarmed.cloud.throttleLedger(true);
    const alarm = { AlarmName: 'fairlead-heartbeat', StateReason: 'a test' };
    const cloudWatch = cloudWatchOf(alarmed.cloud.person);
    await cloudWatch.send(new SetAlarmStateCommand({ ...alarm, StateValue: 'OK' }));
    await cloudWatch.send(new SetAlarmStateCommand({ ...alarm, StateValue: 'ALARM' }));
    expect((await sweep()).FunctionError).toBe('Unhandled');
    expect((await command('status')).code).toBe(1);
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(500)) {
      const { out } = await command('dead-letters');
      [id = ''] = /^[0-9a-f-]{36}/.exec(out) ?? [];
      if (id !== '') break;
    }
    alarmed.cloud.throttleLedger(false);
    alarmed.pass(5);
    for (const name of RINGING) {
      expect(await alarmed.stateOf(name), name).toBe('ALARM');
    }
  });

  it('is shown with what it was, for whom, when, and why it died', async () => {
    const { out } = await command('dead-letters');
    expect(out).toMatch(/the alarm fairlead-heartbeat rang for watch-alarm/);
    expect(out).toMatch(/throughput for the table was exceeded|ledger/);
    const { letters } = JSON.parse((await command('dead-letters', '--json')).out);
    expect(letters).toMatchObject([
      { id, function: 'watch-alarm', what: 'the alarm fairlead-heartbeat rang' },
    ]);
    expect(Date.now() - Date.parse(letters[0].at)).toBeLessThan(180_000);
  });

  it('is done after all, once, however many people ask for it', async () => {
    const before = await heard();
    const asked = await Promise.all([1, 2].map(() => command('dead-letters', '--replay', id)));
    expect(asked.map(({ code }) => code).sort(), JSON.stringify(asked)).toEqual([0, 1]);
    expect(asked.map(({ out, err }) => out + err).join()).toContain(`none has the id ${id}`);
    expect(await heard()).toBe(before + 1);
    expect((await command('dead-letters')).out).toContain('No event waits');
    alarmed.rest();
    for (const name of RINGING) {
      expect(await alarmed.stateOf(name), name).toBe('OK');
      const told = await alarmed.told(name);
      expect(told.map(({ NewStateValue }) => NewStateValue).slice(-2), name).toEqual(['ALARM', 'OK']);
    }
  });

  it('has its deployment started, and is only deleted where nobody knows what it is', async () => {
    const { person } = alarmed.cloud;
    const sqs = new SQSClient(as(person, 'SQS'));
    const listed = await ledger.listed(production);
    const commit = await app.commit(version(5));
    await app.git('push', '--force', `${app.remote}`, 'main:elsewhere');
    const push = { ...listed?.push, do: 'deploy', after: commit, delivery: 'lost' };
    const { endpoint } = as(person, 'SQS');
    const QueueUrl = `${endpoint}/000000000000/fairlead-dead-letters`;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(push) }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"nobody":"knows"}' }));
    sqs.destroy();
    const { letters } = JSON.parse((await command('dead-letters', '--json')).out);
    expect(letters.map((letter: { function?: string }) => letter.function)).toEqual(['deploy', undefined]);
    expect(letters[0].what).toMatch(/^the push of [0-9a-f]{12} to rings in production$/);
    const [known, unknown] = letters as { id: string }[];
    expect((await command('dead-letters', '--replay', known?.id ?? '')).code).toBe(0);
    const refused = await command('dead-letters', '--replay', unknown?.id ?? '');
    expect(refused.err).toContain('nothing in it says which function it was for');
    expect((await command('dead-letters', '--delete', unknown?.id ?? '')).out).toMatch(/Deleted one event/);
    expect((await command('dead-letters')).out).toContain('No event waits');
  });
});

it('has measured all that the dashboard shows of all apps together', async () => {
  const seldom = ['DeploymentSuperseded'];
  const lines = alarmed.dashboard.widgets.flatMap(({ properties }) => properties.metrics ?? []);
  const ofAll = lines.filter(([namespace, , key, service, more]) => {
    return namespace === 'Fairlead' && key === 'service' && service !== 'preview' && typeof more === 'object';
  });
  const names = [...new Map(ofAll.map((line) => [String(line[1]), String(line[3])]))];
  expect(names.length).toBeGreaterThan(9);
  const missing: string[] = [];
  for (const [name, service] of names)
    if ((await alarmed.values('Fairlead', name, { service })).length === 0) missing.push(name);
  expect(missing.filter((name) => !seldom.includes(name))).toEqual([]);
});

it('has told people of every alarm that there is, when it rang and when it was quiet again', async () => {
  const all = await alarmed.allTold();
  expect(all.size).toBeGreaterThan(15);
  for (const [name, states] of all) {
    expect(states, name).toContain('ALARM');
    expect(states.slice(states.indexOf('ALARM')), name).toContain('OK');
  }
});
