import { afterAll, beforeAll, describe, test as it } from 'vitest';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { gate, type Scene, Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set();
});
afterAll(() => stage.strike());

const test = it.extend<{ scene: Scene }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from the pattern
  scene: async ({}, use) => use(stage.scene()),
});

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const C = 'c'.repeat(40);
const CRASH: RolloutAnswer = {
  state: 'failed',
  reason: 'the container crashes',
  details: 'panic: no database',
};

const eventsOf = (chapters: { event: string }[]) => chapters.map(({ event }) => event);

/** Waits until something has come to be, as other executions go on. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((wake) => setTimeout(wake, 10));
}

// Side by side: most of their time is spent in durable waits.
describe.concurrent('a push', () => {
  test('is built, released, rolled out, and told to be live', async ({ scene, expect }) => {
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toBe(`live ${scene.app} ${A} http://${scene.app}.test/`);
    expect(run.operations).toEqual(['claim', 'build', 'release', 'apply', 'settle']);
    expect(eventsOf(run.chapters)).toEqual([
      'deploy.started',
      'release.created',
      'rollout.live',
      'deploy.settled',
    ]);
    expect(scene.builds).toEqual([
      {
        subject: { delivery: 'delivery-aaaa', app: scene.app, commit: A },
        repository: { owner: 'acme', name: scene.app },
        publishTo: `registry/fairlead/${scene.app}`,
        tags: [A],
      },
    ]);
    expect(scene.rollouts).toMatchObject([
      { do: 'apply', fence: 1, release: { number: 1, namespace: scene.app, port: 8080 } },
    ]);
    expect(scene.repository.statuses.map(({ state }) => state)).toEqual(['pending', 'success']);
    expect(scene.repository.statuses.at(-1)?.target_url).toBe(`http://${scene.app}.test/`);
    expect(await scene.ledger.history(scene.environment, 9)).toMatchObject([
      { number: 1, commit: A, verdict: { is: 'live' } },
    ]);
    expect(scene.metrics).toMatchObject([{ DeploymentLive: 1, service: 'deploy', app: scene.app }]);
    expect(scene.metrics[0]?.PushToLive).toBeGreaterThan(0);
  });

  test('of what runs changes nothing', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    const run = await scene.deploy(scene.push(A, 'again'));
    expect(run.last).toBe(`unchanged ${scene.app} ${A} http://${scene.app}.test/`);
    expect(run.operations).toEqual(['claim', 'settle']);
    expect(scene.builds).toHaveLength(1);
    expect(scene.rollouts).toHaveLength(1);
    expect(scene.repository.statuses).toHaveLength(2);
    expect(scene.metrics).toHaveLength(1);
  });

  test('back to a commit that was live before is a new deployment', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    const run = await scene.deploy(scene.push(A, 'back'));
    expect(run.last).toMatch(/^live /);
    expect(scene.rollouts.map(({ release }) => release.commit)).toEqual([A, B, A]);
    expect(scene.rollouts.map(({ fence }) => fence)).toEqual([1, 2, 3]);
  });

  test('is observed as long as the rollout goes on', async ({ scene, expect }) => {
    const answers: RolloutAnswer[] = [{ state: 'progressing', ready: 0, wanted: 2 }, scene.live()];
    scene.rollOut = async () => answers.shift() ?? CRASH;
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    expect(run.operations).toEqual(['claim', 'build', 'release', 'apply', 'renew', 'observe', 'settle']);
  });

  test('to a branch that is gone by now is ignored', async ({ scene, expect }) => {
    const push = scene.push(A);
    scene.repository.head = undefined;
    const run = await scene.deploy(push);
    expect(run.last).toBe(`ignored ${scene.app} refs/heads/main (the branch main is gone)`);
    expect(run.operations).toEqual(['claim', 'settle']);
  });
});

describe.concurrent('a commit that cannot work', () => {
  test('is marked bad when it does not build, and refused from then on', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    const reason = 'main.go:3:1: undefined: greting';
    scene.build = async () => ({ outcome: 'failed', blame: 'commit', reason, details: '…', line: 4 });
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toBe(`failed ${scene.app} ${B} ${reason}`);
    expect(run.operations).toEqual(['claim', 'build', 'undo', 'settle']);
    const again = await scene.deploy(scene.push(B, 'again'));
    expect(again.last).toMatch(
      new RegExp(`^failed ${scene.app} ${B} refused: it failed before, on 2.*${reason}.*push a new`),
    );
    expect(scene.builds).toHaveLength(2);
    expect(scene.rollouts).toHaveLength(1);
    expect(scene.repository.statuses.map(({ state }) => state)).toEqual([
      'pending',
      'success',
      'pending',
      'failure',
    ]);
    expect(scene.metrics.map((metric) => metric.DeploymentFailed)).toEqual([undefined, 1]);
  });

  test('is marked bad when its fairlead.yaml is wrong', async ({ scene, expect }) => {
    scene.build = async () => scene.built(A, 'prot: 80\n');
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^failed .* fairlead\.yaml:1:1: unknown key prot; /);
    expect(await scene.ledger.badCommit(scene.environment, A)).toMatchObject({ commit: A });
    expect(await scene.ledger.history(scene.environment, 9)).toEqual([]);
  });

  test('is undone when it does not come up, by a release of what was good', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.rollOut = async ({ do: what }) => (what === 'undo' ? scene.live() : CRASH);
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toBe(`failed ${scene.app} ${B} the container crashes`);
    expect(run.operations).toEqual(['claim', 'build', 'release', 'apply', 'undo', 'undo', 'settle']);
    expect(eventsOf(run.chapters)).toEqual([
      'deploy.started',
      'release.created',
      'rollout.failed',
      'rollback.finished',
      'deploy.settled',
    ]);
    expect(run.chapters[2]?.message).toBe('the container crashes\npanic: no database');
    expect(scene.rollouts.at(-1)).toMatchObject({
      do: 'undo',
      release: { number: 2 },
      back: { number: 3, commit: A },
    });
    const history = await scene.ledger.history(scene.environment, 9);
    expect(history.map(({ number, verdict }) => [number, verdict?.is])).toEqual([
      [3, 'live'],
      [2, 'failed'],
      [1, 'live'],
    ]);
    const back = await scene.deploy(scene.push(A, 'back'));
    expect(back.last).toMatch(/^unchanged /);
    const again = await scene.deploy(scene.push(B, 'again'));
    expect(again.last).toMatch(/^failed .* refused: .*the container crashes/);
  });

  test('is removed when nothing was good before', async ({ scene, expect }) => {
    scene.rollOut = async ({ do: what }) => (what === 'undo' ? { state: 'removed' } : CRASH);
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^failed /);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'undo', release: { number: 1 } });
    expect(scene.rollouts.at(-1)).not.toHaveProperty('back');
    scene.rollOut = async () => scene.live();
    expect((await scene.deploy(scene.push(B))).last).toMatch(/^live /);
  });

  test('and cannot be undone says so, and lets the next one in', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.rollOut = async () => CRASH;
    const run = await scene.deploy(scene.push(B));
    expect(run.chapters.at(-2)?.message).toMatch(/could not be undone: the container crashes/);
    scene.rollOut = async () => scene.live();
    // What runs is not known, so the good commit is rolled out again.
    expect((await scene.deploy(scene.push(A, 'back'))).last).toMatch(/^live /);
  });
});

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

describe.concurrent('what may pass', () => {
  test('a git host that fails for a while', async ({ scene, expect }) => {
    const push = scene.push(A);
    scene.repository.faults.push(500, 502, 503, 500, 500);
    const run = await scene.deploy(push);
    expect(run.last).toMatch(/^live /);
  });

  test('a git host that takes no statuses', async ({ scene, expect }) => {
    scene.repository.takesStatuses = false;
    expect((await scene.deploy(scene.push(A))).last).toMatch(/^live /);
  });

  test('a git host that refuses to tell the head fails the deployment, not the commit', async ({
    scene,
    expect,
  }) => {
    scene.build = async ({ subject }) => {
      scene.repository.faults.push(403);
      return scene.built(subject.commit);
    };
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^failed .*403.*check the token/);
    expect(await scene.ledger.badCommit(scene.environment, A)).toBeUndefined();
    expect((await scene.ledger.newestClaim(scene.environment))?.ended).toBe(true);
  });

  test('a builder that breaks off is asked again', async ({ scene, expect }) => {
    scene.build = async ({ subject }) => {
      if (scene.builds.length === 1) throw new Error('connection reset');
      return scene.built(subject.commit);
    };
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    expect(run.chapters.map(({ message }) => message)).toContain(
      'the builder broke off (connection reset); trying again',
    );
  });

  test('a builder that stays broken fails the deployment, not the commit', async ({ scene, expect }) => {
    scene.build = async () => {
      throw new Error('out of memory');
    };
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toBe(`failed ${scene.app} ${A} out of memory`);
    expect(run.status).toBe('SUCCEEDED');
    expect(scene.builds).toHaveLength(3);
    expect(scene.repository.statuses.at(-1)?.state).toBe('error');
    scene.build = async ({ subject }) => scene.built(subject.commit);
    expect((await scene.deploy(scene.push(A, 'again'))).last).toMatch(/^live /);
  });

  test('a cluster that does not tell is asked again, and nothing is undone meanwhile', async ({
    scene,
    expect,
  }) => {
    const answers: RolloutAnswer[] = [
      { state: 'unknown', reason: 'the API server does not answer' },
      scene.live(),
    ];
    scene.rollOut = async () => answers.shift() ?? CRASH;
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
  });
});

describe.concurrent('an execution that is cut off after the effect of a step, and goes on', () => {
  test.for([1, 2, 3, 4, 5])('comes to the same end: write %i', async (nth, { scene, expect }) => {
    scene.loseWrite(nth);
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    expect(eventsOf(run.chapters).filter((event) => event === 'deploy.settled')).toHaveLength(1);
    const history = await scene.ledger.history(scene.environment, 9);
    expect(history).toMatchObject([{ number: 1, verdict: { is: 'live' } }]);
    expect((await scene.deploy(scene.push(A, 'again'))).last).toMatch(/^unchanged /);
  });

  test.for([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('undoes the same: write %i', async (nth, { scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.loseWrite(nth);
    scene.rollOut = async ({ do: what }) => (what === 'undo' ? scene.live() : CRASH);
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toMatch(/^failed .* the container crashes$/);
    const history = await scene.ledger.history(scene.environment, 9);
    expect(history.map(({ number, commit, verdict }) => [number, commit, verdict?.is])).toEqual([
      [3, A, 'live'],
      [2, B, 'failed'],
      [1, A, 'live'],
    ]);
    expect((await scene.deploy(scene.push(A, 'back'))).last).toMatch(/^unchanged /);
    expect((await scene.deploy(scene.push(B, 'again'))).last).toMatch(/^failed .* refused/);
  });
});
