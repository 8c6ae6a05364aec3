import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CloudWatchClient,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { App, get } from './app.ts';
import { cloudWatchOf, fairlead } from './fairlead.ts';
import { Load } from './load.ts';

/** Another text each time: the caches of the last run would leave nothing to be built. */
const life = `life ${Date.now()}`;
const ALARM = `back-errors-${Date.now()}`;
/** An alarm that is told by its tag alone. */
const TAGGED = `back-tagged-${Date.now()}`;
/** Who asks for it ends the program. */
const END = 'http.HandleFunc("/end", func(http.ResponseWriter, *http.Request) { log.Fatal("told to end") })';
/** ms from an alarm to the answers of the last good release. */
const SOON = 30_000;

export interface Surroundings {
  /** The app's name, which is its namespace's. */
  name: string;
  cloud(): { git: string; pid: number };
  /** What else the app's program needs there. */
  adapt?(source: string): string;
}

/** One app that is brought back: each test goes on from what the one before has left. */
export function rollbackSuite({ name, cloud, adapt = (source) => source }: Surroundings): void {
  let app: App;
  let cloudWatch: CloudWatchClient;
  let url = '';

  /** A version whose answer is made of its code and of its configuration. */
  const version = async (number: number, bake: string[] = ['bake: 1s']): Promise<string> => {
    const source = adapt(await readFile(join(app.directory, 'main.go'), 'utf8'));
    const files = {
      'main.go': source
        .replace(/greeting = .*/, `greeting = "code ${number} of ${life}"`)
        .replace(
          'fmt.Fprintln(w, greeting)\n\t})',
          `fmt.Fprintln(w, greeting, os.Getenv("WORD"))\n\t})\n\t${END}`,
        ),
      'fairlead.yaml': ['env:', `  WORD: configuration ${number}`, ...bake, ''].join('\n'),
    };
    return await app.commit(files, `Version ${number}`);
  };
  const answerOf = (number: number) => `code ${number} of ${life} configuration ${number}`;
  const command = (...args: string[]) => fairlead(cloud().pid, ...args);
  const set = (StateValue: 'OK' | 'ALARM', AlarmName = ALARM) =>
    cloudWatch.send(
      new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: `${StateValue} by hand` }),
    );
  /** ms until the app answers as `number`. */
  const until = async (number: number, most = SOON): Promise<number> => {
    const started = Date.now();
    while (Date.now() - started < most) {
      if ((await get(url).catch(() => '')) === answerOf(number)) return Date.now() - started;
      await sleep(100);
    }
    throw new Error(`after ${most} ms it answers ${await get(url)}`);
  };
  /** Everybody gets the answer, not only the first who asks: a proxy may learn late where to send requests. */
  const settled = async (number: number) => {
    const deadline = Date.now() + 15_000;
    for (let inARow = 0; inARow < 20; ) {
      const answer = await get(url);
      if (answer === answerOf(number)) inARow++;
      else {
        expect(Date.now(), `still ${answer}`).toBeLessThan(deadline);
        inARow = 0;
      }
    }
  };

  beforeAll(async () => {
    app = await App.create(cloud().git, name);
    cloudWatch = await cloudWatchOf(cloud().pid);
    for (const AlarmName of [ALARM, TAGGED]) {
      await cloudWatch.send(
        new PutMetricAlarmCommand({
          AlarmName,
          Namespace: 'Back',
          MetricName: 'Errors',
          Statistic: 'Sum',
          Period: 60,
          EvaluationPeriods: 1,
          Threshold: 1,
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          // Without data it stays as it was set.
          TreatMissingData: 'ignore',
          ...(AlarmName === TAGGED && { Tags: [{ Key: 'watches', Value: TAGGED }] }),
        }),
      );
      await set('OK', AlarmName);
    }
  });
  afterAll(async () => {
    cloudWatch.destroy();
    await app.remove();
  });

  const commits: string[] = [];

  it('an app is brought back as a whole by fairlead rollback, and no request fails', async () => {
    for (const number of [1, 2]) {
      commits.push(await version(number));
      const pushed = await app.push();
      expect(pushed.outcome, pushed.text).toBe('live');
      url = pushed.rest;
      await settled(number);
    }
    const load = Load.on(url);
    const started = Date.now();
    const { code, out, err } = await command('rollback', name, '--reason', 'it is too loud');
    expect({ code, err }, out).toEqual({ code: 0, err: '' });
    expect(Date.now() - started).toBeLessThan(SOON);
    await settled(1);
    const { failures, answered } = await load.end();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(20);
    expect(out).toContain(`- release 2 (${commits[1]?.slice(0, 12)})`);
    expect(out).toContain(`+ release 1 (${commits[0]?.slice(0, 12)})`);
    expect(out).toContain(url);
  });

  it('tells what happened', async () => {
    const releases = await command('releases', name);
    expect(releases.out).toMatch(/\* +3 .*good/);
    expect(releases.out).toMatch(/ 2 .*rolled back by .*: it is too loud/);
    const diff = await command('diff', name, '2');
    expect(diff.out).toMatch(/~ Deployment /);
    const status = await command('status', name, '--json');
    const { environments } = JSON.parse(status.out) as { environments: Record<string, unknown>[] };
    expect(environments).toMatchObject([
      { app: name, live: { release: 3, commit: commits[0] }, bad: [{ commit: commits[1] }] },
    ]);
  });

  it('the commit that was taken back is refused', async () => {
    await app.push(`${commits[0]}:main`);
    const pushed = await app.push(`${commits[1]}:main`);
    expect(pushed.lines.at(-1)).toMatch(/^failed .* refused: .*it is too loud/);
    await settled(1);
  });

  it('takes it again when a person says so', async () => {
    const { code, out } = await command('retry', name);
    expect(code, out).toBe(0);
    expect(out).toMatch(/is let in again/);
    await until(2);
    await settled(2);
  });

  it('an app is brought back within 30 s of an alarm that rings while it bakes', async () => {
    commits.push(await version(3, ['bake:', '  seconds: 2m', `  alarms: [${ALARM}]`]));
    const pushing = app.push();
    await until(3, 120_000);
    await set('ALARM');
    expect(await until(2)).toBeLessThan(SOON);
    const pushed = await pushing;
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.lines.at(-1)).toContain(`alarm ${ALARM} rings`);
    await settled(2);
    await set('OK');
  });

  it('an app is brought back within 30 s of an alarm that rings after its bake', async () => {
    commits.push(await version(4, ['bake:', '  seconds: 1s', '  watchFor: 10m', `  alarms: [${ALARM}]`]));
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('live');
    await settled(4);
    await set('ALARM');
    expect(await until(2)).toBeLessThan(SOON);
    await settled(2);
    const releases = await command('releases', name, '--limit', '2');
    expect(releases.out).toContain(`rolled back by alarm ${ALARM}: ALARM by hand`);
    await set('OK');
  });

  it('does not go back further by an alarm on what was brought back', async () => {
    await set('ALARM');
    await sleep(5_000);
    await settled(2);
    await set('OK');
  });

  it('is not held guilty of an alarm that was ringing before', async () => {
    await set('ALARM');
    await version(5, ['bake:', '  seconds: 3s', `  alarms: [${ALARM}]`]);
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('live');
    expect(pushed.text).toContain(`alarm ${ALARM} was ringing before the release`);
    await settled(5);
  });

  it('an app is brought back by a check of its address that fails', async () => {
    await set('OK');
    await version(6, ['bake:', '  seconds: 1m', '  checks: [{ path: /, contains: nobody says this }]']);
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.rest).toMatch(/GET \/ answers 200 without the words "nobody says this", twice in a row/);
    await settled(5);
  });

  it('is kept where nobody can say whether it is good, and that is said', async () => {
    const traffic = '  traffic: { namespace: Back, metric: Requests, minimum: 5 }';
    await version(7, [
      'bake:',
      '  seconds: 2s',
      `  alarms: [${ALARM}, ${ALARM}-which-is-not-there]`,
      traffic,
    ]);
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('live');
    expect(pushed.text).toContain(`there is no alarm ${ALARM}-which-is-not-there`);
    await settled(7);
    const { out } = await command('releases', name, '--limit', '1');
    expect(out).toContain(`there is no alarm ${ALARM}-which-is-not-there`);
    expect(pushed.text).toContain('how many requests came is not known: Back Requests has no data');
  });

  it('is brought back where nobody can say, if that is what it asks for', async () => {
    await version(8, [
      'bake:',
      '  seconds: 1s',
      `  alarms: [${ALARM}-which-is-not-there]`,
      '  unknown: roll-back',
    ]);
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.rest).toContain(`there is no alarm ${ALARM}-which-is-not-there`);
    await settled(7);
  });

  it('is brought back by an alarm that it names by a tag alone', async () => {
    await version(9, ['bake:', '  seconds: 2m', `  alarmTag: { key: watches, value: ${TAGGED} }`]);
    const pushing = app.push();
    await until(9, 120_000);
    await set('ALARM', TAGGED);
    expect(await until(7)).toBeLessThan(SOON);
    const pushed = await pushing;
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.lines.at(-1)).toContain(`alarm ${TAGGED} rings`);
    await settled(7);
  });

  it('is brought back by a program that ends while it bakes, with what it said last', async () => {
    await version(10, ['bake: 2m']);
    const pushing = app.push();
    await until(10, 120_000);
    await settled(10);
    await get(new URL('/end', url).href).catch(() => {});
    const pushed = await pushing;
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.rest, pushed.text).toMatch(/exits with code 1 .*told to end/);
    await settled(7);
  });
}
