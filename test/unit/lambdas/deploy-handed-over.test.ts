import { describe, vi } from 'vitest';
import { A, B, test, until } from './on-stage.ts';
import { gate } from './stage.ts';

// An hour and a half would be too long here.
vi.mock('../../../lambdas/deploy/looks.ts', () => ({ looks: () => [1, 1, 1][Symbol.iterator]() }));

describe.concurrent('a build that somebody else carries out', () => {
  const handed = (id: string) => ({
    outcome: 'building' as const,
    engine: 'microvm' as const,
    id,
    platform: 'linux/arm64',
  });

  test('is followed by its newest id until it is there', async ({ scene, expect }) => {
    scene.build = async ({ subject, continues }) => {
      if (continues === undefined) return handed('one');
      return continues.id === 'one' ? handed('two') : scene.built(subject.commit);
    };
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^live /);
    expect(scene.builds.map(({ continues }) => continues?.id)).toEqual([undefined, 'one', 'two']);
    expect(new Set(scene.builds.map(({ fence }) => fence)).size).toBe(1);
  });

  test('is left when a newer push has taken over meanwhile', async ({ scene, expect }) => {
    const building = gate();
    scene.build = async ({ subject, continues }) => {
      if (subject.commit === B) return scene.built(B);
      if (continues === undefined) await building.opened;
      return handed('one');
    };
    const older = scene.deploy(scene.push(A));
    await until(() => scene.builds.length === 1);
    expect((await scene.deploy(scene.push(B))).last).toMatch(/^live /);
    building.open();
    expect((await older).last).toBe(`superseded ${scene.app} ${A} by ${B}`);
    expect(scene.builds.filter(({ continues }) => continues !== undefined)).toEqual([]);
  });

  test('is given up when it does not end, which is not the commit’s fault', async ({ scene, expect }) => {
    scene.build = async () => handed('on and on');
    const run = await scene.deploy(scene.push(A));
    expect(run.last).toMatch(/^failed .*the build took too long/);
    expect(scene.builds.length).toBe(4);
    expect(await scene.ledger.badCommit(scene.environment, A)).toBeUndefined();
  });
});
