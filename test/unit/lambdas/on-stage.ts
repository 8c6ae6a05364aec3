import { test as base } from 'vitest';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { type Scene, Stage } from './stage.ts';

/** Tests with a scene each, on a stage for the file. Meant to run side by side: they mostly wait. */
export const test = base.extend<{ $file: { stage: Stage }; $test: { scene: Scene } }>({
  stage: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of fixtures from the pattern
    async ({}, use) => {
      const stage = await Stage.set();
      await use(stage);
      await stage.strike();
    },
    { scope: 'file' },
  ],
  scene: async ({ stage }, use) => use(stage.scene()),
});

export const A = 'a'.repeat(40);
export const B = 'b'.repeat(40);
export const C = 'c'.repeat(40);
export const CRASH: RolloutAnswer = {
  state: 'failed',
  reason: 'the container crashes',
  details: 'panic: no database',
};

export const eventsOf = (chapters: { event: string }[]) => chapters.map(({ event }) => event);

/** Waits until something has come to be, as other executions go on. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((wake) => setTimeout(wake, 10));
}
