import { describe } from 'vitest';
import type { BakeLook } from '../../../lib/bake/types.ts';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { A, B, C, CRASH, eventsOf, test } from './on-stage.ts';
import type { Scene } from './stage.ts';

const CANARY = 'strategy: { canary: { steps: [{ percent: 10, seconds: 1 }] } }\nbake: 1\n';
const BLUE_GREEN = 'strategy: blue-green\nbake: 1\n';

const quiet = (restarts: BakeLook['restarts'] = []): RolloutAnswer => ({
  state: 'looked',
  look: { at: new Date().toISOString(), alarms: [], checks: [], restarts, trouble: [] },
});
const RESTARTED = quiet([{ pod: 'web-1', container: 'web', count: 9, reason: 'panic' }]);

function goes(scene: Scene, file: string): void {
  scene.build = async ({ subject }) => scene.built(subject.commit, file);
  scene.rollOut = async ({ do: what }) =>
    what === 'look' ? quiet() : what === 'prune' ? { state: 'removed' } : scene.live();
}

const asked = (scene: Scene) =>
  scene.rollouts.flatMap((request) => {
    if (request.do === 'look') return [];
    return ['phase' in request ? `${request.do} ${request.phase}` : request.do];
  });

describe.concurrent('a release in phases', () => {
  test('of the first commit ever goes straight', async ({ scene, expect }) => {
    goes(scene, CANARY);
    const run = await scene.deploy(scene.push(A));
    expect(asked(scene)).toEqual(['apply 0', 'prune']);
    expect(eventsOf(run.chapters)).not.toContain('phase.started');
  });

  test('goes on to the next one when the one before was found good', async ({ scene, expect }) => {
    goes(scene, CANARY);
    await scene.deploy(scene.push(A));
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toMatch(/^live /);
    expect(asked(scene).slice(2)).toEqual(['apply 0', 'apply 1', 'prune']);
    expect(eventsOf(run.chapters)).toEqual([
      'deploy.started',
      'release.created',
      'phase.started',
      'bake.started',
      'bake.ended',
      'phase.started',
      'rollout.live',
      'bake.started',
      'bake.ended',
      'deploy.settled',
    ]);
    const phases = run.chapters.filter(({ event }) => event === 'phase.started');
    expect(phases.map(({ message }) => message)).toEqual([
      'phase 1 of 2: canary of 10 %',
      'phase 2 of 2: all',
    ]);
    const [record] = await scene.ledger.history(scene.environment, 1);
    expect(record?.phases).toMatchObject([
      { name: 'canary of 10 %', bake: { is: 'good' } },
      { name: 'all', bake: { is: 'good' } },
    ]);
  });

  test('goes no further than a canary that is bad, and is taken back', async ({ scene, expect }) => {
    goes(scene, CANARY);
    await scene.deploy(scene.push(A));
    const { rollOut } = scene;
    scene.rollOut = (request) => (request.do === 'look' ? Promise.resolve(RESTARTED) : rollOut(request));
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toMatch(/^failed .*panic/);
    expect(asked(scene).slice(2)).toEqual(['apply 0', 'undo']);
    expect(scene.rollouts.at(-1)).toMatchObject({ back: { commit: A, strategy: { kind: 'rolling' } } });
  });

  test('that fails in a later phase is taken back as a whole', async ({ scene, expect }) => {
    goes(scene, CANARY);
    await scene.deploy(scene.push(A));
    const { rollOut } = scene;
    scene.rollOut = async (request) =>
      request.do === 'apply' && request.phase === 1 ? CRASH : await rollOut(request);
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toMatch(/^failed .* the container crashes/);
    expect(asked(scene).slice(2)).toEqual(['apply 0', 'apply 1', 'undo']);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: A });
  });

  test('takes the other color than the one that serves, and a rollback after it goes over in phases', async ({
    scene,
    expect,
  }) => {
    goes(scene, BLUE_GREEN);
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    const colors = scene.rollouts.flatMap(({ do: what, release: { strategy } }) =>
      what === 'apply' && strategy.kind === 'blue-green' ? [strategy.color] : [],
    );
    expect(colors).toEqual(['blue', 'green', 'green']);
    const rollback = { app: scene.app, environment: { name: 'production', namespace: scene.app } };
    const run = await scene.deploy({
      do: 'roll-back',
      ...rollback,
      reason: 'slow',
      by: 'ada',
      delivery: 'back',
    });
    expect(run.last).toMatch(new RegExp(`^rolled-back ${scene.app} ${B} to ${A}`));
    // The blue pods are gone: there are new ones before requests go over to them.
    expect(asked(scene).slice(-2)).toEqual(['apply 0', 'apply 1']);
    expect(scene.rollouts.at(-1)).toMatchObject({ release: { commit: A, from: { track: 'green' } } });
    // What was good is not put to the test again.
    expect(scene.rollouts.slice(-2)).toMatchObject([{ back: true }, { back: true }]);
  });

  test('finds the color that serves also when it takes over from a rollback that failed', async ({
    scene,
    expect,
  }) => {
    goes(scene, BLUE_GREEN);
    await scene.deploy(scene.push(A));
    await scene.deploy(scene.push(B));
    scene.rollOut = async () => CRASH;
    const rollback = { app: scene.app, environment: { name: 'production', namespace: scene.app } };
    await scene.deploy({ do: 'roll-back', ...rollback, reason: 'slow', by: 'ada', delivery: 'back' });
    goes(scene, BLUE_GREEN);
    expect((await scene.deploy(scene.push(C))).last).toMatch(/^live /);
    const release = scene.rollouts.at(-1)?.release;
    // Green still serves; what was to come back, blue, has no pods.
    expect(release).toMatchObject({ from: { track: 'green' }, strategy: { color: 'blue' } });
  });

  test('that is cut off between the switch and the pruning goes on there', async ({ scene, expect }) => {
    goes(scene, BLUE_GREEN);
    await scene.deploy(scene.push(A));
    const { rollOut } = scene;
    let broken = 0;
    scene.rollOut = async (request) => {
      if (request.do === 'prune' && broken++ === 0) throw new Error('timed out');
      return await rollOut(request);
    };
    const run = await scene.deploy(scene.push(B));
    expect(run.last).toMatch(/^live /);
    expect(asked(scene).slice(-2)).toEqual(['prune', 'prune']);
  });

  test('is live also when what was before does not go', async ({ scene, expect }) => {
    goes(scene, BLUE_GREEN);
    const { rollOut } = scene;
    scene.rollOut = async (request) => {
      if (request.do === 'prune') throw new Error('timed out');
      return await rollOut(request);
    };
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    expect(run.chapters.map(({ message }) => message)).toContain('what ran before is still there: timed out');
  });

  test.for([3, 4, 5, 6, 7, 8, 9, 10, 11])('loses nothing with write %i', async (nth, { scene, expect }) => {
    goes(scene, CANARY);
    await scene.deploy(scene.push(A));
    scene.loseWrite(nth);
    expect((await scene.deploy(scene.push(B))).last).toMatch(/^live /);
    expect(asked(scene).slice(2)).toEqual(['apply 0', 'apply 1', 'prune']);
    expect((await scene.ledger.newestClaim(scene.environment))?.ended).toBe(true);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ release: 2, commit: B });
  });
});

describe.concurrent('what the ledger says is live and the cluster does not have', () => {
  const GONE: RolloutAnswer = { state: 'seen', missing: 'Deployment web/web' };

  test('is brought back by a push of the same commit, without a build', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.seen = async () => GONE;
    const run = await scene.deploy(scene.push(A, 'again'));
    expect(run.last).toBe(`live ${scene.app} ${A} http://${scene.app}.test/`);
    expect(scene.builds).toHaveLength(1);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'undo', back: { number: 2, commit: A } });
    expect(run.chapters.map(({ message }) => message)).toContain(
      'aaaaaaaaaaaa is not live in the cluster any more: it is brought back',
    );
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ release: 2, commit: A });
    expect(await scene.ledger.badCommits(scene.environment)).toEqual([]);
  });

  test('and does not come back is told of, and nothing is marked bad', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.seen = async () => GONE;
    scene.rollOut = async () => CRASH;
    const run = await scene.deploy(scene.push(A, 'again'));
    expect(run.last).toMatch(/^failed .* the container crashes/);
    expect(await scene.ledger.badCommits(scene.environment)).toEqual([]);
    scene.rollOut = async () => scene.live();
    expect((await scene.deploy(scene.push(A, 'third'))).last).toMatch(/^live /);
  });

  test('is taken to run where the cluster cannot be asked', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.seen = async () => {
      throw new Error('no route to host');
    };
    expect((await scene.deploy(scene.push(A, 'again'))).last).toMatch(/^unchanged /);
  });

  test.for([1, 2, 3, 4, 5])('comes back the same when write %i is lost', async (nth, { scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.seen = async () => GONE;
    scene.loseWrite(nth);
    expect((await scene.deploy(scene.push(A, 'again'))).last).toMatch(/^live /);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ release: 2, commit: A });
    expect((await scene.ledger.newestClaim(scene.environment))?.ended).toBe(true);
  });
});
