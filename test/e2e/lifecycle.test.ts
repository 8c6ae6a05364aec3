import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { App, get } from './harness/app.ts';
import { LocalCloud } from './harness/cloud.ts';

/** The command line of every process that has `marker` on it or in its environment. */
function processesWith(marker: string): string[] {
  const read = (file: string) => {
    try {
      return readFileSync(file, 'utf8').replaceAll('\0', ' ');
    } catch {
      return ''; // It has ended meanwhile, or is somebody else's.
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => ({ line: read(`/proc/${pid}/cmdline`), environment: read(`/proc/${pid}/environ`) }))
    .filter(({ line, environment }) => line.includes(marker) || environment.includes(marker))
    .map(({ line }) => line);
}

const mountsWith = (marker: string) =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(marker));

async function until(condition: () => boolean): Promise<boolean> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(50))
    if (condition()) return true;
  return condition();
}

describe.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
  'a local cloud ended by %s',
  { timeout: 120_000 },
  (signal) => {
    it('leaves no process, mount or open address behind', async () => {
      const cloud = await LocalCloud.start();
      const app = await App.create(cloud.ready.git, 'short-lived');
      try {
        const pushed = await app.push();
        expect(pushed.outcome, pushed.text).toBe('live');
        expect(await get(pushed.rest)).toMatch(/^Hello/);
        const state = /(\S+fairlead-cloud-[A-Za-z0-9]{6})\b/.exec(cloud.ready.kubeconfig)?.[1] ?? '';
        expect(state).not.toBe('');
        expect(processesWith(state).length).toBeGreaterThan(0);

        const ended = await cloud.stop(signal);
        if (signal !== 'SIGKILL') expect(ended).toBe(0);
        expect(await until(() => processesWith(state).length === 0)).toBe(true);
        expect(mountsWith(state)).toEqual([]);
        await expect(get(pushed.rest)).rejects.toThrow();
        if (signal !== 'SIGKILL') expect(existsSync(cloud.ready.kubeconfig)).toBe(false);
      } finally {
        await cloud.stop('SIGKILL');
        await app.remove();
      }
    });
  },
);
