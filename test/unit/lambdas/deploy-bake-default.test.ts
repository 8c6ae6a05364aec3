import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { A } from './on-stage.ts';
import { Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  vi.stubEnv('BAKE_SECONDS', '1');
  stage = await Stage.set();
});
afterAll(() => stage.strike());

test.each([
  ['for as long as the installation says', undefined, 1],
  ['for as long as the installation says also where it names alarms', 'bake: { alarms: [errors] }\n', 1],
  ['not at all where its app says so', 'bake: 0\n', 0],
])('a release is watched %s', async (_, file, seconds) => {
  const scene = stage.scene();
  scene.build = async ({ subject }) => scene.built(subject.commit, file);
  scene.rollOut = async ({ do: what }) => {
    const look = { at: new Date().toISOString(), alarms: [], checks: [], restarts: [], trouble: [] };
    return what === 'look'
      ? { state: 'looked', look }
      : what === 'prune'
        ? { state: 'removed' }
        : scene.live();
  };
  const run = await scene.deploy(scene.push(A));
  expect(run.last).toMatch(/^live /);
  expect(scene.rollouts[0]?.release.bake.seconds).toBe(seconds);
  expect(scene.rollouts.some(({ do: what }) => what === 'look')).toBe(seconds > 0);
});
