import { expect, it } from 'vitest';
import { phasesOf } from '../../../lib/release/phases.ts';
import { rollbackTo } from '../../../lib/release/rollback.ts';
import type { Release } from '../../../lib/release/types.ts';
import { freshName } from './apps.ts';
import { ask } from './load.ts';
import type { Scene } from './scene.ts';

const BLUE_GREEN = 'strategy: blue-green\nbake: 30s';
const CANARY = 'strategy: { canary: { steps: [{ percent: 25, seconds: 1 }, { percent: 50, seconds: 1 }] } }';

/** How new pods come to take requests. */
export function strategySuite(scene: Scene): void {
  const { release } = scene;

  /** A first release, live; answers it and its URL. */
  async function first(name: string, file: string): Promise<{ one: Release; url: string }> {
    const one = release({ name, number: 1, version: 'a', file });
    const answer = await scene.on.bringOut(one, 1);
    if (answer.state !== 'live' || answer.url === undefined) throw new Error(JSON.stringify(answer));
    const { url } = answer;
    await expect.poll(() => ask(url).catch(() => ''), { timeout: 5000 }).toBe('a');
    return { one, url };
  }

  const deployments = async (name: string) =>
    (await scene.on.read(name, 'deployments', '', '{.items[*].metadata.name}')).split(' ').sort();

  /** What comes of so many questions. */
  const answers = async (url: string, count = 60) => {
    const seen = new Map<string, number>();
    for (let asked = 0; asked < count; asked += 1) {
      const answer = await ask(url);
      seen.set(answer, (seen.get(answer) ?? 0) + 1);
    }
    return seen;
  };

  it('blue-green: sends nobody to the new pods before they are ready, and then everybody', async () => {
    const name = freshName();
    const { one, url } = await first(name, BLUE_GREEN);
    const two = release({ name, number: 2, version: 'b', file: BLUE_GREEN, serving: one });
    expect(phasesOf(two)).toHaveLength(2);
    expect((await scene.on.apply(two, 2, 0)).answer).toMatchObject({ state: 'live' });
    expect([...(await answers(url)).keys()]).toEqual(['a']);
    expect((await scene.on.apply(two, 2, 1)).answer).toMatchObject({ state: 'live' });
    await expect.poll(async () => [...(await answers(url, 10)).keys()]).toEqual(['b']);
    // While it is watched, both run.
    expect(await deployments(name)).toHaveLength(2);
    await scene.on.ask({ do: 'prune', release: two }, 2);
    await expect.poll(() => deployments(name)).toHaveLength(1);
    expect(await ask(url)).toBe('b');
  });

  it('blue-green: goes back within its bake to pods that never stopped', async () => {
    const name = freshName();
    const { one, url } = await first(name, BLUE_GREEN);
    const pods = () => scene.on.read(name, 'pods', '', '{.items[?(@.spec.containers)].metadata.uid}');
    const before = (await pods()).split(' ');
    const two = release({ name, number: 2, version: 'b', file: BLUE_GREEN, serving: one });
    await scene.on.apply(two, 2, 0);
    await scene.on.apply(two, 2, 1);
    const back = rollbackTo(one, 3, new Date());
    const { answer, ms } = await scene.on.ask({ do: 'undo', release: two, back }, 2);
    expect(answer).toMatchObject({ state: 'live' });
    expect(ms).toBeLessThan(5000);
    await expect.poll(async () => [...(await answers(url, 10)).keys()]).toEqual(['a']);
    expect((await pods()).split(' ')).toEqual(expect.arrayContaining(before));
  });

  it('blue-green: leaves the old ones alone when the new ones fail', async () => {
    const name = freshName();
    const { one, url } = await first(name, BLUE_GREEN);
    const two = release({ name, number: 2, version: 'b', mode: 'panic', file: BLUE_GREEN, serving: one });
    expect(await scene.on.bringOut(two, 2)).toMatchObject({ state: 'failed' });
    expect([...(await answers(url)).keys()]).toEqual(['a']);
    await scene.on.ask({ do: 'undo', release: two, back: rollbackTo(one, 3, new Date()) }, 2);
    await expect.poll(() => deployments(name)).toHaveLength(1);
  });

  it('canary: gives the new release a part of the requests, more with each step, then all', async () => {
    const name = freshName();
    const { one, url } = await first(name, `${CANARY}\nreplicas: 3`);
    const two = release({ name, number: 2, version: 'b', file: `${CANARY}\nreplicas: 3`, serving: one });
    expect(phasesOf(two)).toHaveLength(3);
    const shares: number[] = [];
    for (const phase of [0, 1, 2]) {
      expect((await scene.on.apply(two, 2, phase)).answer).toMatchObject({ state: 'live' });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      shares.push(((await answers(url, 200)).get('b') ?? 0) / 200);
    }
    const [few, half, all] = shares as [number, number, number];
    expect(few).toBeGreaterThan(0.1);
    expect(few).toBeLessThan(0.4);
    expect(half).toBeGreaterThan(0.35);
    expect(half).toBeLessThan(0.65);
    expect(all).toBe(1);
    await scene.on.ask({ do: 'prune', release: two }, 2);
    await expect.poll(() => deployments(name)).toEqual([name]);
  });

  it('canary: is taken back when its first pod crashes', async () => {
    const name = freshName();
    const { one, url } = await first(name, CANARY);
    const two = release({ name, number: 2, version: 'b', mode: 'exit', file: CANARY, serving: one });
    expect(await scene.on.bringOut(two, 2)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('cannot read config.json'),
    });
    expect([...(await answers(url)).keys()]).toEqual(['a']);
    const { answer } = await scene.on.ask(
      { do: 'undo', release: two, back: rollbackTo(one, 3, new Date()) },
      2,
    );
    expect(answer).toMatchObject({ state: 'live' });
    await expect.poll(() => deployments(name)).toEqual([name]);
  });
}
