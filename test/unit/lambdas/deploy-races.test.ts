import { describe } from 'vitest';
import { A, B, C, test, until } from './on-stage.ts';
import { gate } from './stage.ts';

describe.concurrent('pushes that race', () => {
  test('the older one, still building, is superseded by the newer one', async ({ scene, expect }) => {
    const building = gate();
    scene.build = async ({ subject }) => {
      if (subject.commit === A) await building.opened;
      return scene.built(subject.commit);
    };
    const older = scene.deploy(scene.push(A));
    await until(() => scene.builds.length === 1);
    const newer = await scene.deploy(scene.push(B));
    expect(newer.last).toMatch(new RegExp(`^live ${scene.app} ${B}`));
    building.open();
    expect((await older).last).toBe(`superseded ${scene.app} ${A} by ${B}`);
    expect(scene.rollouts.map(({ release }) => release.commit)).toEqual([B]);
    expect(scene.repository.statuses.filter(({ commit }) => commit === A).map(({ state }) => state)).toEqual([
      'pending',
      'error',
    ]);
  });

  test('the newer one waits for a rollout that is under way', async ({ scene, expect }) => {
    const rolling = gate();
    scene.rollOut = async ({ release }) => {
      if (release.commit === A) await rolling.opened;
      return scene.live();
    };
    const older = scene.deploy(scene.push(A));
    await until(() => scene.rollouts.length === 1);
    const newer = scene.deploy(scene.push(B));
    await until(() => scene.builds.length === 2);
    await new Promise((wake) => setTimeout(wake, 300));
    expect(scene.rollouts).toHaveLength(1);
    rolling.open();
    expect((await older).last).toMatch(new RegExp(`^live ${scene.app} ${A}`));
    const run = await newer;
    expect(run.last).toMatch(new RegExp(`^live ${scene.app} ${B}`));
    expect(run.chapters.map(({ message }) => message)).toContain(
      'an earlier rollout is not over; waiting for it',
    );
    expect(scene.rollouts.map(({ release }) => release.commit)).toEqual([A, B]);
  });

  test('the older one stops rolling out when it learns of the newer one', async ({ scene, expect }) => {
    const rolling = gate();
    scene.rollOut = async ({ release }) => {
      if (release.commit === B) return scene.live();
      await rolling.opened;
      return { state: 'progressing', ready: 0, wanted: 2 };
    };
    const older = scene.deploy(scene.push(A));
    await until(() => scene.rollouts.length === 1);
    const newer = scene.deploy(scene.push(B));
    await until(() => scene.builds.length === 2);
    rolling.open();
    expect((await older).last).toBe(`superseded ${scene.app} ${A} by ${B}`);
    expect((await newer).last).toMatch(/^live /);
    const history = await scene.ledger.history(scene.environment, 9);
    expect(history.map(({ commit, verdict }) => [commit, verdict?.is])).toEqual([
      [B, 'live'],
      [A, 'superseded'],
    ]);
  });

  test('a newer one that does not build brings back what was good before the older one', async ({
    scene,
    expect,
  }) => {
    await scene.deploy(scene.push(C));
    const rolling = gate();
    scene.rollOut = async ({ release, do: what }) => {
      if (what === 'undo') return scene.live();
      if (release.commit === A) await rolling.opened;
      return { state: 'progressing', ready: 0, wanted: 2 };
    };
    scene.build = async ({ subject }) =>
      subject.commit === A
        ? scene.built(A)
        : { outcome: 'failed', blame: 'commit', reason: 'no', details: '' };
    const older = scene.deploy(scene.push(A));
    await until(() => scene.rollouts.length === 2);
    const newer = scene.deploy(scene.push(B));
    await until(() => scene.builds.length === 3);
    rolling.open();
    expect((await older).last).toMatch(/^superseded /);
    expect((await newer).last).toMatch(/^failed /);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'undo', back: { commit: C } });
  });

  test('two deliveries of one push build and roll out once, and both tell that it is live', async ({
    scene,
    expect,
  }) => {
    const building = gate();
    scene.build = async ({ subject }) => {
      await building.opened;
      return scene.built(subject.commit);
    };
    const push = scene.push(A);
    const first = scene.deploy(push);
    await until(() => scene.builds.length === 1);
    const second = scene.deploy({ ...push, delivery: 'second' });
    await new Promise((wake) => setTimeout(wake, 300));
    building.open();
    const lines = [(await first).last, (await second).last];
    expect(lines).toEqual(lines.map(() => `live ${scene.app} ${A} http://${scene.app}.test/`));
    expect(scene.builds).toHaveLength(1);
    expect(scene.rollouts).toHaveLength(1);
    expect(scene.metrics).toHaveLength(1);
  });

  test('an event that comes late finds the newer head being deployed', async ({ scene, expect }) => {
    const late = scene.push(A);
    const building = gate();
    scene.build = async ({ subject }) => {
      await building.opened;
      return scene.built(subject.commit);
    };
    const newer = scene.deploy(scene.push(B));
    await until(() => scene.builds.length === 1);
    expect((await scene.deploy(late)).last).toBe(`superseded ${scene.app} ${A} by ${B}`);
    building.open();
    expect((await newer).last).toMatch(/^live /);
  });

  test('a head whose own event is lost is deployed by the execution of an earlier push', async ({
    scene,
    expect,
  }) => {
    const early = scene.push(A);
    scene.push(B, 'lost');
    const run = await scene.deploy(early);
    expect(run.last).toBe(`superseded ${scene.app} ${A} by ${B}, which is live at http://${scene.app}.test/`);
    expect(scene.rollouts.map(({ release }) => release.commit)).toEqual([B]);
    expect(scene.metrics).toMatchObject([{ DeploymentLive: 1 }]);
  });

  test('a head that moves during the build, its event lost, is deployed in place', async ({
    scene,
    expect,
  }) => {
    scene.build = async ({ subject }) => {
      if (subject.commit === A) scene.push(B, 'lost');
      return scene.built(subject.commit);
    };
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(new RegExp(`^superseded ${scene.app} ${A} by ${B}, which is live`));
    expect(scene.rollouts.map(({ release }) => release.commit)).toEqual([B]);
    const last = Object.fromEntries(scene.repository.statuses.map(({ commit, state }) => [commit, state]));
    expect(last).toEqual({ [A]: 'error', [B]: 'success' });
  });
});
