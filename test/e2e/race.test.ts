import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { App, get } from './harness/app.ts';

const { git } = inject('cloud');

describe('pushes that race', { timeout: 180_000 }, () => {
  it('end with the newest, whatever they overtake', async () => {
    const app = await App.create(git, 'race');
    try {
      const url = (await app.push()).rest;
      const source = await readFile(join(app.directory, 'main.go'), 'utf8');
      const pushes = [];
      for (const version of [2, 3, 4]) {
        const text = source.replace('version 1', `version ${version} of race`);
        const commit = await app.commit({ 'main.go': text });
        pushes.push(app.push(`${commit}:main`));
        // Git takes them in this order; from then on they overlap.
        const isTaken = async () => (await app.git('ls-remote', app.remote, 'refs/heads/main')).text;
        await expect.poll(isTaken, { timeout: 20_000 }).toContain(commit);
      }
      const outcomes = (await Promise.all(pushes)).map(({ outcome }) => outcome);
      expect(outcomes.at(-1)).toBe('live');
      for (const outcome of outcomes) expect(['live', 'superseded']).toContain(outcome);
      expect(await get(url)).toBe('Hello from Fairlead, version 4 of race');
    } finally {
      await app.remove();
    }
  });

  it('a delivery that comes again starts nothing', async () => {
    const app = await App.create(git, 'again');
    try {
      const pushed = await app.push();
      const api = `${git}/api/v3/repos/local/again/hooks/1/deliveries`;
      const deliveries = (await (await fetch(api)).json()) as { id: string | number }[];
      expect(deliveries).toHaveLength(1);
      for (const _ of [1, 2, 3]) {
        const again = await fetch(`${api}/${deliveries[0]?.id}/attempts`, { method: 'POST' });
        expect(again.status).toBe(202);
      }
      await sleep(1_000);
      const statuses = (await (
        await fetch(
          `${git}/api/v3/repos/local/again/commits/${(await app.git('rev-parse', 'HEAD')).text.trim()}/statuses`,
        )
      ).json()) as { state: string }[];
      expect(statuses.filter(({ state }) => state === 'success')).toHaveLength(1);
      expect(await get(pushed.rest)).toBe('Hello from Fairlead, version 1');
    } finally {
      await app.remove();
    }
  });
});
