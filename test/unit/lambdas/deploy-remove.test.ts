import { describe } from 'vitest';
import type { Remove } from '../../../lib/push/request.ts';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { A, B, CRASH, eventsOf, test, until } from './on-stage.ts';
import { gate, type Scene } from './stage.ts';

function remove(scene: Scene, more: Partial<Remove> = {}): Remove {
  return {
    do: 'remove',
    app: scene.app,
    environment: { name: 'production', namespace: scene.app },
    reason: 'the branch is gone',
    delivery: `remove-${scene.app}`,
    ...more,
  };
}

const removes = async ({ do: what }: { do: string }, scene: Scene): Promise<RolloutAnswer> =>
  what === 'remove' ? { state: 'removed' } : scene.live();

describe.concurrent('a removal', () => {
  test('takes all away; a later push makes it anew, and numbers go on', async ({ scene, expect }) => {
    scene.rollOut = (request) => removes(request, scene);
    await scene.deploy(scene.push(A));
    expect((await scene.ledger.environments()).map(({ app }) => app)).toContain(scene.app);
    const run = await scene.deploy(remove(scene));
    expect(run.last).toBe(`removed ${scene.app} production (the branch is gone)`);
    expect(run.operations).toEqual(['claim', 'undo', 'remove', 'settle']);
    expect(eventsOf(run.chapters)).toEqual(['deploy.settled']);
    expect(scene.rollouts.at(-1)).toMatchObject({
      do: 'remove',
      fence: 2,
      release: { number: 1, commit: A },
    });
    expect(await scene.ledger.live(scene.environment)).toBeUndefined();
    expect((await scene.ledger.environments()).map(({ app }) => app)).not.toContain(scene.app);
    expect((await scene.deploy(scene.push(A, 'again'))).last).toMatch(/^live /);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ release: 2, commit: A });
    expect(scene.rollouts.at(-1)?.fence).toBe(3);
  });

  test('of what never was is done', async ({ scene, expect }) => {
    expect((await scene.deploy(remove(scene))).last).toMatch(/^removed /);
    expect(scene.rollouts).toEqual([]);
  });

  test('is not carried out where the branch is there again, or was pushed to', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    const origin = { host: 'github' as const, owner: 'acme', repository: scene.app };
    const there = await scene.deploy(remove(scene, { unless: { ...origin, branch: 'main' } }));
    expect(there.last).toBe(`ignored ${scene.app} production (the branch main is there again)`);
    await scene.deploy(scene.push(B));
    const pushed = await scene.deploy(remove(scene, { whileFence: 1, delivery: 'late' }));
    expect(pushed.last).toMatch(/^ignored .*deployed to in the meantime/);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ commit: B });
  });

  test('is carried out where the branch is gone', async ({ scene, expect }) => {
    scene.rollOut = (request) => removes(request, scene);
    await scene.deploy(scene.push(A));
    scene.repository.head = undefined;
    const unless = { host: 'github' as const, owner: 'acme', repository: scene.app, branch: 'main' };
    expect((await scene.deploy(remove(scene, { unless, whileFence: 1 }))).last).toMatch(/^removed /);
  });

  test('waits for the last pull request of a branch; one of a fork from a branch called alike is none', async ({
    scene,
    expect,
  }) => {
    scene.rollOut = (request) => removes(request, scene);
    await scene.deploy(scene.push(A));
    const unless = { host: 'github' as const, owner: 'acme', repository: scene.app, pullsOf: 'blue' };
    scene.repository.pull = { number: 8, state: 'open', sha: A, branch: 'blue' };
    const one = await scene.deploy(remove(scene, { unless, delivery: `one-${scene.app}` }));
    expect(one.last).toBe(`ignored ${scene.app} production (a pull request of blue is there again)`);
    scene.repository.pull = { number: 9, state: 'open', sha: A };
    const none = await scene.deploy(remove(scene, { unless, delivery: `none-${scene.app}` }));
    expect(none.last).toMatch(/^removed /);
  });

  test('supersedes a deployment at work, which finds its branch gone', async ({ scene, expect }) => {
    const rolling = gate();
    scene.rollOut = async (request) => {
      if (request.do === 'remove') return { state: 'removed' };
      await rolling.opened;
      return { state: 'progressing', ready: 0, wanted: 1 };
    };
    const deploying = scene.deploy(scene.push(A));
    await until(() => scene.rollouts.length === 1);
    scene.repository.head = undefined;
    const removing = scene.deploy(remove(scene));
    await new Promise((wake) => setTimeout(wake, 300));
    rolling.open();
    expect((await removing).last).toMatch(/^removed /);
    expect((await deploying).last).toMatch(/^ignored .*the branch main is gone/);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'remove', release: { number: 1 } });
  });

  test('that fails says so, and is carried on by the next one', async ({ scene, expect }) => {
    await scene.deploy(scene.push(A));
    scene.rollOut = async () => CRASH;
    expect((await scene.deploy(remove(scene))).last).toMatch(/^failed /);
    scene.rollOut = (request) => removes(request, scene);
    expect((await scene.deploy(remove(scene, { delivery: 'next' }))).last).toMatch(/^removed /);
    expect(scene.rollouts.at(-1)).toMatchObject({ do: 'remove', release: { number: 1 } });
  });
});

describe.concurrent('a removal that is cut off after the effect of a step', () => {
  test.for([1, 2, 3, 4, 5, 6, 7])('comes to the same end: write %i', async (nth, { scene, expect }) => {
    scene.rollOut = (request) => removes(request, scene);
    await scene.deploy(scene.push(A));
    scene.loseWrite(nth);
    expect((await scene.deploy(remove(scene))).last).toMatch(/^removed /);
    expect(await scene.ledger.live(scene.environment)).toBeUndefined();
    expect((await scene.ledger.newestClaim(scene.environment))?.ended).toBe(true);
    expect((await scene.ledger.environments()).map(({ app }) => app)).not.toContain(scene.app);
    expect((await scene.deploy(scene.push(B))).last).toMatch(/^live /);
    expect(await scene.ledger.live(scene.environment)).toMatchObject({ release: 2 });
  });
});
