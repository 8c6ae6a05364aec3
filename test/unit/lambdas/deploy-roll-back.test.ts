import { describe } from 'vitest';
import type { RollBack } from '../../../lib/push/request.ts';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { A, B, C, CRASH, eventsOf, test, until } from './on-stage.ts';
import { gate, type Scene } from './stage.ts';

function rollBack(scene: Scene, more: Partial<RollBack> = {}): RollBack {
  return {
    do: 'roll-back',
    app: scene.app,
    environment: { name: 'production', namespace: scene.app },
    reason: 'it is slow',
    by: 'ada',
    delivery: `rollback-${scene.app}`,
    ...more,
  };
}

const history = async (scene: Scene) =>
  (await scene.ledger.history(scene.environment, 9)).map(({ number, commit, verdict, rolledBack }) => [
    number,
    commit,
    verdict?.is,
    rolledBack?.by,
  ]);

describe.concurrent('a rollback', () => {
  test('brings back the last good release as a whole, and the commit is refused', async ({
    scene,
    expect,
  }) => {
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    const run = await scene.deploy(rollBack(scene));
    expect(run.last).toBe(`rolled-back ${scene.app} ${B} to ${A} as release 3 http://${scene.app}.test/`);
    expect(run.operations).toEqual(['claim', 'undo', 'undo', 'settle']);
    expect(eventsOf(run.chapters)).toEqual(['rollback.started', 'rollback.finished', 'deploy.settled']);
    expect(run.chapters[0]?.message).toMatch(/^ada rolls web-\d+ back from release 2 .*: it is slow$/);
    expect(scene.rollouts.at(-1)).toMatchObject({
      do: 'undo',
      fence: 3,
      release: { number: 2, commit: B },
      back: { number: 3, commit: A, bake: { seconds: 0 } },
    });
    expect(await history(scene)).toEqual([
      [3, A, 'live', undefined],
      [2, B, 'live', 'ada'],
      [1, A, 'live', undefined],
    ]);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ release: 3, commit: A });
    expect(scene.repository.statuses.at(-1)).toMatchObject({
      commit: B,
      state: 'failure',
      description: `Rolled back to ${A.slice(0, 12)} by ada: it is slow`,
    });
    expect((await scene.ledger.history(scene.environment, 9)).map(({ brings }) => brings)).toEqual([
      1,
      undefined,
      undefined,
    ]);
    const again = await scene.deploy(scene.push(B, 'again'));
    expect(again.last).toMatch(/^failed .* refused: .*rolled back by ada: it is slow/);
    expect((await scene.deploy(scene.push(C))).last).toMatch(/^live /);
  });

  test('keeps in its record what people had set by hand, and what became of it', async ({
    scene,
    expect,
  }) => {
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    const notes = ['.spec.paused, which kubectl-edit had set, is as the release says again'];
    scene.rollOut = async ({ do: what }) =>
      what === 'undo'
        ? { state: 'progressing', ready: 0, wanted: 1, applied: { changes: [], notes } }
        : scene.live();
    expect((await scene.deploy(rollBack(scene))).last).toMatch(/^rolled-back /);
    const [record] = await scene.ledger.history(scene.environment, 1);
    expect(record).toMatchObject({ number: 3, verdict: { is: 'live', notes } });
  });

  test('lets the commit in again when a person says so', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    await scene.deploy(rollBack(scene));
    await scene.ledger.forgive(scene.environment, B);
    expect((await scene.deploy(scene.push(B, 'again'))).last).toMatch(/^live /);
  });

  test('goes further back with each time, and says where there is nothing to go back to', async ({
    scene,
    expect,
  }) => {
    for (const commit of [A, B, C]) await scene.deploy(scene.push(commit));
    await scene.deploy(rollBack(scene));
    const second = await scene.deploy(rollBack(scene, { delivery: 'second' }));
    expect(second.last).toMatch(new RegExp(`^rolled-back ${scene.app} ${B} to ${A}`));
    const third = await scene.deploy(rollBack(scene, { delivery: 'third' }));
    expect(third.last).toMatch(/^failed .* stays as it is: there is nothing to go back to/);
    expect(await scene.ledger.badCommit(scene.environment, A)).toBeUndefined();
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: A });
  });

  test('goes to the release that it is told to, if that was good', async ({ scene, expect }) => {
    for (const commit of [A, B, C]) await scene.deploy(scene.push(commit));
    const bad = 'd'.repeat(40);
    scene.rollOut = async ({ do: what }) => (what === 'undo' ? scene.live() : CRASH);
    await scene.deploy(scene.push(bad));
    scene.rollOut = async () => scene.live();
    const refused = await scene.deploy(rollBack(scene, { to: 4 }));
    expect(refused.last).toMatch(/^failed .*release 4 was never good: it failed \(the container crashes\)/);
    const absent = await scene.deploy(rollBack(scene, { to: 77, delivery: 'absent' }));
    expect(absent.last).toMatch(/there is no release 77 on record/);
    const run = await scene.deploy(rollBack(scene, { to: 1, delivery: 'one' }));
    expect(run.last).toMatch(new RegExp(`^rolled-back ${scene.app} ${C} to ${A}`));
  });

  test('by an alarm that comes late takes nothing back', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    const run = await scene.deploy(rollBack(scene, { whileLive: 1, by: 'alarm errors' }));
    expect(run.last).toBe(`ignored ${scene.app} production (release 1 is not what runs any more)`);
    expect(await scene.ledger.badCommits(scene.environment)).toEqual([]);
    const [first, second] = await Promise.all([
      scene.deploy(rollBack(scene, { whileLive: 2, delivery: 'alarm-1' })),
      scene.deploy(rollBack(scene, { whileLive: 2, delivery: 'alarm-2' })),
    ]);
    expect([first.last, second.last].filter((line) => line.startsWith('rolled-back'))).toHaveLength(1);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: A });
  });

  test('of an app that was never deployed is refused', async ({ scene, expect }) => {
    const run = await scene.deploy(rollBack(scene));
    expect(run.last).toMatch(/^failed .*nothing was deployed there yet/);
  });

  test('supersedes a deployment at work, whose commit is what goes', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    const rolling = gate();
    scene.rollOut = async ({ do: what }): Promise<RolloutAnswer> => {
      if (what === 'undo') return scene.live();
      await rolling.opened;
      return { state: 'progressing', ready: 0, wanted: 2 };
    };
    const deploying = scene.deploy(scene.push(B));
    await until(() => scene.rollouts.length === 2);
    const rollingBack = scene.deploy(rollBack(scene));
    await until(() => scene.repository.statuses.length > 0);
    await new Promise((wake) => setTimeout(wake, 300));
    rolling.open();
    expect((await rollingBack).last).toMatch(new RegExp(`^rolled-back ${scene.app} ${B} to ${A}`));
    // Its turn comes again after the rollback, and then it is refused.
    expect((await deploying).last).toMatch(/^failed .*rolled back by ada/);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: A });
  });

  test('takes a release back that bakes, and loses no write by it', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.build = async ({ subject }) => scene.built(subject.commit, 'bake: 600\n');
    scene.rollOut = async ({ do: what }): Promise<RolloutAnswer> => {
      const look = { at: new Date().toISOString(), alarms: [], checks: [], restarts: [], trouble: [] };
      return what === 'look' ? { state: 'looked', look } : scene.live();
    };
    const deploying = scene.deploy(scene.push(B));
    await until(() => scene.rollouts.some(({ do: what }) => what === 'look'));
    scene.loseWrite(2);
    const run = await scene.deploy(rollBack(scene));
    expect(run.last).toMatch(new RegExp(`^rolled-back ${scene.app} ${B} to ${A}`));
    expect((await deploying).last).toMatch(/^failed .*rolled back by ada/);
    expect(await history(scene)).toEqual([
      [3, A, 'live', undefined],
      [2, B, 'superseded', 'ada'],
      [1, A, 'live', undefined],
    ]);
  });

  test('lets a deployment that only builds go on after it', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    const building = gate();
    scene.build = async ({ subject }) => {
      if (scene.builds.length === 3) await building.opened;
      return scene.built(subject.commit);
    };
    const deploying = scene.deploy(scene.push(C));
    await until(() => scene.builds.length === 3);
    expect((await scene.deploy(rollBack(scene))).last).toMatch(
      new RegExp(`^rolled-back ${scene.app} ${B} to ${A}`),
    );
    building.open();
    expect((await deploying).last).toMatch(new RegExp(`^live ${scene.app} ${C}`));
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: C });
  });

  test('gives way to a newer push, which takes on what is to be brought back', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    const rolling = gate();
    let undone = 0;
    scene.rollOut = async ({ do: what }): Promise<RolloutAnswer> => {
      if (what === 'undo' && undone++ === 0) {
        await rolling.opened;
        return { state: 'progressing', ready: 0, wanted: 2 };
      }
      return scene.live();
    };
    const rollingBack = scene.deploy(rollBack(scene));
    await until(() => undone === 1);
    scene.build = async () => ({ outcome: 'failed', blame: 'commit', reason: 'no', details: '' });
    const newer = scene.deploy(scene.push(C));
    await until(() => scene.builds.length === 3);
    rolling.open();
    expect((await rollingBack).last).toMatch(/^superseded /);
    expect((await newer).last).toMatch(/^failed .* no$/);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'undo', back: { commit: A } });
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: A });
  });

  test('that does not come up says so, and is tried again by the next push', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    scene.rollOut = async () => CRASH;
    expect((await scene.deploy(rollBack(scene))).last).toMatch(/^failed .* the container crashes$/);
    scene.rollOut = async () => scene.live();
    const again = await scene.deploy(scene.push(B, 'again'));
    expect(again.last).toMatch(/^failed .* refused/);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'undo', back: { commit: A } });
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: A });
  });
});

describe.concurrent('a rollback that is cut off after the effect of a step', () => {
  test.for([1, 2, 3, 4, 5, 6, 7, 8])('comes to the same end: write %i', async (nth, { scene, expect }) => {
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    scene.loseWrite(nth);
    const run = await scene.deploy(rollBack(scene));
    expect(run.last).toMatch(new RegExp(`^rolled-back ${scene.app} ${B} to ${A} as release 3`));
    expect(await history(scene)).toEqual([
      [3, A, 'live', undefined],
      [2, B, 'live', 'ada'],
      [1, A, 'live', undefined],
    ]);
    expect((await scene.deploy(scene.push(B, 'again'))).last).toMatch(/^failed .* refused/);
    expect((await scene.deploy(scene.push(A, 'back'))).last).toMatch(/^unchanged /);
  });
});
