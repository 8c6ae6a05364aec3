import { expect, it } from 'vitest';
import { rollbackTo } from '../../../lib/release/rollback.ts';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { freshName } from './apps.ts';
import { describeOn } from './describe-on.ts';
import type { Implementation } from './implementation.ts';
import { ask } from './load.ts';

/** What going back does on every cluster with what people have done by hand in the meantime. */
export function goingBackSuite(implementation: Implementation): void {
  describeOn(implementation, 'going back', (scene) => {
    it.each([
      ['kubectl set env', (name: string) => ['set', 'env', `deployment/${name}`, 'VERSION=mended']],
      ['kubectl rollout undo', (name: string) => ['rollout', 'undo', 'deployment', name]],
    ])('brings all of the good release back after a %s', async (_, byHand) => {
      const { on, release } = scene;
      const name = freshName();
      const url = await scene.live(name);
      const second = release({ name, number: 2, version: 'b' });
      expect((await on.apply(second, 2)).answer).toMatchObject({ state: 'live' });
      const third = release({ name, number: 3, version: 'c' });
      expect((await on.apply(third, 3)).answer).toMatchObject({ state: 'live' });
      await on.kubectl('-n', name, ...byHand(name));
      const good = release({ name, number: 1, version: 'a' });
      const back = rollbackTo(good, 4, new Date());
      const answers: RolloutAnswer[] = [];
      let { answer } = await on.ask({ do: 'undo', release: third, back }, 4);
      answers.push(answer);
      while (answer.state === 'progressing')
        ({ answer } = await on.ask({ do: 'observe', phase: 'back', release: back }, 4));
      expect(answer).toMatchObject({ state: 'live' });
      const [first] = answers as { applied?: { notes?: string[] } }[];
      const field = '.spec.template.spec.containers\\[name="\\w+"\\].env\\[name="VERSION"\\].value';
      const note = new RegExp(`^${field}, which kubectl\\S* had set at \\S+Z, is as the release says again$`);
      expect(first?.applied?.notes).toContainEqual(expect.stringMatching(note));
      await expect.poll(() => ask(url).catch(() => ''), { timeout: 5000 }).toBe('a');
    });
  });
}
