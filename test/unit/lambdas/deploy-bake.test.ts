import { describe } from 'vitest';
import type { BakeLook } from '../../../lib/bake/types.ts';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { A, B, C, eventsOf, test, until } from './on-stage.ts';
import type { Scene } from './stage.ts';

const BAKE = 'bake:\n  seconds: 3\n  alarms: [errors]\n';
const UNKNOWN = `${BAKE}  unknown: roll-back\n`;

const looked = (state: BakeLook['alarms'][number]['state'] = 'OK'): RolloutAnswer => {
  const at = new Date().toISOString();
  const alarms = [{ name: 'errors', state, since: at, reason: 'more than 3 errors' }];
  return { state: 'looked', look: { at, alarms, checks: [], restarts: [], trouble: [] } };
};

/** Everything comes up, and looks find what `find` says. */
function bakes(scene: Scene, find: () => RolloutAnswer = looked, file = BAKE): void {
  scene.build = async ({ subject }) => scene.built(subject.commit, file);
  scene.rollOut = async ({ do: what }) =>
    what === 'look' ? find() : what === 'prune' ? { state: 'removed' } : scene.live();
}

const asked = (scene: Scene) => scene.rollouts.map(({ do: what }) => what);
const verdicts = async (scene: Scene) =>
  (await scene.ledger.history(scene.environment, 9)).map(({ number, commit, verdict }) => [
    number,
    commit,
    verdict?.is,
  ]);

describe.concurrent('a release that bakes', () => {
  test('is told to be live at once, watched, found good, and then what ran before goes', async ({
    scene,
    expect,
  }) => {
    bakes(scene);
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toBe(`live ${scene.app} ${A} http://${scene.app}.test/`);
    expect(eventsOf(run.chapters)).toEqual([
      'deploy.started',
      'release.created',
      'rollout.live',
      'bake.started',
      'bake.ended',
      'deploy.settled',
    ]);
    expect(run.chapters[2]?.message).toMatch(/^release 1 is live at http:.* watched for 3 s$/);
    expect(run.chapters[3]?.message).toBe("watching its alarm errors and containers' restarts");
    expect(run.chapters[4]?.detail).toMatchObject({ release: 1, phase: 1, verdict: 'good' });
    const what = asked(scene);
    expect(what[0]).toBe('apply');
    expect(what.at(-1)).toBe('prune');
    expect(new Set(what.slice(1, -1))).toEqual(new Set(['look']));
    // The ledger knows that it is live before the old pods go.
    expect(run.operations.slice(-4)).toEqual(['keep', 'look', 'prune', 'settle']);
    const look = scene.rollouts.find((request) => request.do === 'look');
    expect(look).toMatchObject({ phase: 0, url: `http://${scene.app}.test/`, fence: 1 });
    const [record] = await scene.ledger.history(scene.environment, 1);
    expect(record?.phases).toMatchObject([{ name: 'all', bake: { is: 'good', notes: [] } }]);
    const live = await scene.ledger.live(scene.environment);
    expect(live).toMatchObject({ release: 1, commit: A });
    expect(Date.parse(live?.liveSince ?? '')).toBeLessThan(Date.now() - 2_500);
    // What was waited for is not how long the push took.
    expect(scene.metrics[0]?.PushToLive).toBeLessThan(3_000);
  });

  test('that an alarm condemns is taken back at once, and its commit refused', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    let looks = 0;
    bakes(scene, () => looked(++looks > 1 ? 'ALARM' : 'OK'));
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toMatch(/^failed .*errors/);
    expect(eventsOf(run.chapters)).toEqual([
      'deploy.started',
      'release.created',
      'rollout.live',
      'bake.started',
      'bake.ended',
      'rollback.finished',
      'deploy.settled',
    ]);
    expect(run.chapters[4]?.detail).toMatchObject({ verdict: 'bad' });
    expect(run.chapters[5]?.message).toMatch(/^release 3 runs .* again$/);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'undo', release: { number: 2 }, back: { commit: A } });
    // Between the look and the undo nothing is waited for.
    const at = run.operations.lastIndexOf('look');
    expect(run.operations.slice(at)).toEqual(['look', 'undo', 'undo', 'settle']);
    expect(await verdicts(scene)).toEqual([
      [3, A, 'live'],
      [2, B, 'failed'],
      [1, A, 'live'],
    ]);
    const record = (await scene.ledger.history(scene.environment, 9))[1];
    expect(record?.phases).toMatchObject([{ bake: { is: 'bad' } }]);
    expect((await scene.deploy(scene.push(B, 'again'))).last).toMatch(/^failed .* refused: .*errors/);
  });

  test('with an alarm that rang before is kept, and that is said', async ({ scene, expect }) => {
    bakes(scene, () => looked('ALARM'));
    const { rollOut } = scene;
    scene.rollOut = async (request) => {
      const answer = await rollOut(request);
      if (request.do !== 'apply' || answer.state !== 'live') return answer;
      const since = new Date(Date.now() - 60_000).toISOString();
      const before = [{ name: 'errors', state: 'ALARM' as const, since }];
      return { ...answer, applied: { changes: [], before } };
    };
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    expect(run.chapters.find(({ event }) => event === 'bake.ended')?.message).toMatch(/errors/);
    expect(scene.repository.statuses.at(-1)).toMatchObject({ state: 'success' });
    expect(scene.repository.statuses.at(-1)?.description).toMatch(/errors/);
    expect(run.chapters.at(-1)?.detail.notes).toHaveLength(1);
  });

  test('of which nobody can say anything is kept, and that is said', async ({ scene, expect }) => {
    bakes(scene, () => looked('INSUFFICIENT_DATA'));
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    const told = run.chapters.find(({ event }) => event === 'bake.ended');
    expect(told?.detail).toMatchObject({ verdict: 'unknown' });
    expect(told?.message).toMatch(/nobody can say whether it is good, and it is kept/);
    const [record] = await scene.ledger.history(scene.environment, 1);
    expect(record?.verdict).toMatchObject({ is: 'live' });
    expect(JSON.stringify(record?.verdict)).toMatch(/nobody can say/);
  });

  test('of which nobody can say anything is taken back where its file says so', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    bakes(scene, () => looked('INSUFFICIENT_DATA'), UNKNOWN);
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toMatch(/^failed .*nobody can say.*roll back/);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'undo', back: { commit: A } });
    expect(await scene.ledger.badCommit(scene.environment, B)).toBeDefined();
  });

  test('and cannot be looked at for a while is not condemned for that', async ({ scene, expect }) => {
    let looks = 0;
    bakes(scene, () => {
      if (++looks === 1) throw new Error('out of memory');
      return looked();
    });
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    expect(run.operations).toContain('look in vain');
  });

  test('gives way to a newer push at once; the last good is what was before both', async ({
    scene,
    expect,
  }) => {
    await scene.deploy(scene.push(C));
    const long = 'bake:\n  seconds: 600\n';
    bakes(scene, looked, long);
    const older = scene.deploy(scene.push(A));
    await until(() => asked(scene).includes('look'));
    scene.build = async () => ({ outcome: 'failed', blame: 'commit', reason: 'no', details: '' });
    const newer = await scene.deploy(scene.push(B));
    expect((await older).last).toBe(`superseded ${scene.app} ${A} by ${B}`);
    expect(newer.last).toMatch(/^failed /);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'undo', back: { commit: C } });
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: C });
    expect(await verdicts(scene)).toEqual([
      [3, C, 'live'],
      [2, A, 'superseded'],
      [1, C, 'live'],
    ]);
  });

  test('is watched by alarms for longer where its file says so', async ({ scene, expect }) => {
    bakes(scene, looked, `${BAKE}  watchFor: 1h\n`);
    await scene.deploy(scene.push(A));
    const { liveSince = '', watchUntil = '' } = (await scene.ledger.live(scene.environment)) ?? {};
    const seconds = (Date.parse(watchUntil) - Date.parse(liveSince)) / 1000;
    expect(seconds).toBeGreaterThan(3600 + 2);
    expect(seconds).toBeLessThan(3600 + 20);
  });

  test('keeps what it changed in its record', async ({ scene, expect }) => {
    const changes = [
      { object: 'Deployment web', is: 'changed' as const, fields: ['.spec.replicas: 2 -> 3'] },
    ];
    scene.rollOut = async () => ({
      ...(scene.live() as RolloutAnswer & { state: 'live' }),
      applied: { changes },
    });
    await scene.deploy(scene.push(A));
    expect((await scene.ledger.history(scene.environment, 1))[0]?.changes).toEqual(changes);
  });
});

describe.concurrent('a bake that is cut off after the effect of a step', () => {
  test.for([3, 4, 5, 6, 7, 8, 9])('comes to the same end: write %i', async (nth, { scene, expect }) => {
    bakes(scene);
    scene.loseWrite(nth);
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    expect(await verdicts(scene)).toEqual([[1, A, 'live']]);
    expect((await scene.ledger.newestClaim(scene.environment))?.ended).toBe(true);
    expect((await scene.deploy(scene.push(A, 'again'))).last).toMatch(/^unchanged /);
  });

  test.for([4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'takes the same back: write %i',
    async (nth, { scene, expect }) => {
      await scene.deploy(scene.push(A));
      let looks = 0;
      bakes(scene, () => looked(++looks > 1 ? 'ALARM' : 'OK'));
      scene.loseWrite(nth);
      const run = await scene.deploy(scene.push(B));
      expect(run.last).toMatch(/^failed .*errors/);
      expect(await verdicts(scene)).toEqual([
        [3, A, 'live'],
        [2, B, 'failed'],
        [1, A, 'live'],
      ]);
      expect((await scene.deploy(scene.push(B, 'again'))).last).toMatch(/^failed .* refused/);
    },
  );
});
