import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CloudWatchClient,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { App, get } from './harness/app.ts';
import { cloudWatchOf, fairlead } from './harness/fairlead.ts';
import { Load } from './harness/load.ts';

const { git, pid } = inject('cloud');

/** Another text each time: the caches of the last run would leave nothing to be built. */
const life = `life ${Date.now()}`;
const ALARM = `back-errors-${Date.now()}`;
/** ms from an alarm to the answers of the last good release. */
const SOON = 30_000;

/** One app that is brought back: each test goes on from what the one before has left. */
describe('an app that is brought back', { timeout: 180_000 }, () => {
  let app: App;
  let cloudWatch: CloudWatchClient;
  let url = '';

  /** A version whose answer is made of its code and of its configuration. */
  const version = async (number: number, bake: string[] = ['bake: 1s']): Promise<string> => {
    const source = await readFile(join(app.directory, 'main.go'), 'utf8');
    const files = {
      'main.go': source
        .replace(/greeting = .*/, `greeting = "code ${number} of ${life}"`)
        .replace('fmt.Fprintln(w, greeting)', 'fmt.Fprintln(w, greeting, os.Getenv("WORD"))'),
      'fairlead.yaml': ['env:', `  WORD: configuration ${number}`, ...bake, ''].join('\n'),
    };
    return await app.commit(files, `Version ${number}`);
  };
  const answerOf = (number: number) => `code ${number} of ${life} configuration ${number}`;
  const command = (...args: string[]) => fairlead(pid, ...args);
  const set = (StateValue: 'OK' | 'ALARM') =>
    cloudWatch.send(
      new SetAlarmStateCommand({ AlarmName: ALARM, StateValue, StateReason: `${StateValue} by hand` }),
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
  /** Everybody gets the answer, not only the first who asks. */
  const settled = async (number: number) => {
    for (let visit = 0; visit < 20; visit++) expect(await get(url)).toBe(answerOf(number));
  };

  beforeAll(async () => {
    app = await App.create(git, 'back');
    cloudWatch = await cloudWatchOf(pid);
    await cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName: ALARM,
        Namespace: 'Back',
        MetricName: 'Errors',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        // Without data it stays as it was set.
        TreatMissingData: 'ignore',
      }),
    );
    await set('OK');
  });
  afterAll(async () => {
    cloudWatch.destroy();
    await app.remove();
  });

  const commits: string[] = [];

  it('is brought back as a whole by fairlead rollback, and no request fails', async () => {
    for (const number of [1, 2]) {
      commits.push(await version(number));
      const pushed = await app.push();
      expect(pushed.outcome, pushed.text).toBe('live');
      url = pushed.rest;
      expect(await get(url)).toBe(answerOf(number));
    }
    const load = Load.on(url);
    const started = Date.now();
    const { code, out, err } = await command('rollback', 'back', '--reason', 'it is too loud');
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

  it('shows what happened', async () => {
    const releases = await command('releases', 'back');
    expect(releases.out).toMatch(/\* +3 .*good/);
    expect(releases.out).toMatch(/ 2 .*rolled back by .*: it is too loud/);
    const diff = await command('diff', 'back', '2');
    expect(diff.out).toMatch(/~ Deployment back/);
    const status = await command('status', 'back', '--json');
    const { environments } = JSON.parse(status.out) as { environments: Record<string, unknown>[] };
    expect(environments).toMatchObject([
      { app: 'back', live: { release: 3, commit: commits[0] }, bad: [{ commit: commits[1] }] },
    ]);
  });

  it('refuses the commit that was taken back', async () => {
    await app.push(`${commits[0]}:main`);
    const pushed = await app.push(`${commits[1]}:main`);
    expect(pushed.lines.at(-1)).toMatch(/^failed back .* refused: .*it is too loud/);
    await settled(1);
  });

  it('takes it again when a person says so', async () => {
    const { code, out } = await command('retry', 'back');
    expect(code, out).toBe(0);
    expect(out).toMatch(/is let in again/);
    await until(2);
    await settled(2);
  });

  it('is brought back within 30 s of an alarm that rings while it bakes', async () => {
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

  it('is brought back within 30 s of an alarm that rings after its bake', async () => {
    commits.push(await version(4, ['bake:', '  seconds: 1s', '  watchFor: 10m', `  alarms: [${ALARM}]`]));
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('live');
    await settled(4);
    await set('ALARM');
    expect(await until(2)).toBeLessThan(SOON);
    await settled(2);
    const releases = await command('releases', 'back', '--limit', '2');
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
});
