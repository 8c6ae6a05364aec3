import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { build } from '../../../lib/build/build.ts';
import type { BuildFailure } from '../../../lib/build/failure.ts';
import type { ProgressEvent } from '../../../lib/build/progress.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { probeSandbox } from '../../../lib/sandbox/ability.ts';
import { baseWithShell } from './shell-base.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());
const ability = await probeSandbox(scratch.root);

/** How many processes have `token` on their command line. */
function running(token: string): number {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(token);
    } catch {
      return false;
    }
  }).length;
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 600; tries++) await sleep(50);
  expect(holds()).toBe(true);
}

describe.skipIf(!ability.able)('a command that runs', () => {
  async function begin(signal?: AbortSignal) {
    const token = randomUUID();
    const base = await baseWithShell(scratch);
    const events: ProgressEvent[] = [];
    const isSleeping = () => events.some((event) => event.type === 'output' && event.text === 'sleeping');
    const context = scratch.context({
      Dockerfile: `FROM base AS long\nRUN sleep ${token}\nFROM other AS bad\nFROM scratch\nCOPY --from=long /ran /\nCOPY --from=bad / /`,
    });
    const built = build({
      context,
      cacheDir: scratch.directory(),
      registries: {
        resolve: async (reference) => {
          if (reference === 'base') return base;
          await until(isSleeping);
          if (signal !== undefined) await sleep(60_000, undefined, { signal });
          throw new FairleadError({ code: 'registry/down', operation: 'pulling', cause: 'it is down' });
        },
      },
      onProgress: (event) => events.push(event),
      ...(signal === undefined ? {} : { signal }),
    });
    const failed = built.catch((error: unknown) => error as BuildFailure);
    return { failed, token, events, isSleeping };
  }

  it('is ended when something else fails, and that is what is told', { timeout: 60_000 }, async () => {
    const { failed, token, events } = await begin();
    const error = await failed;
    expect(error).toMatchObject({ line: 3, code: 'registry/down' });
    expect(running(token)).toBe(0);
    expect(events).toContainEqual(expect.objectContaining({ type: 'step-failed', line: 2, aborted: true }));
    expect(events).toContainEqual(expect.objectContaining({ type: 'step-failed', line: 3, aborted: false }));
  });

  it('is ended when the build is interrupted', { timeout: 60_000 }, async () => {
    const interrupted = new AbortController();
    const { failed, token, isSleeping } = await begin(interrupted.signal);
    await until(isSleeping);
    expect(running(token)).toBeGreaterThan(0);
    interrupted.abort(new Error('interrupted'));
    expect(await failed).toMatchObject({ message: 'interrupted' });
    expect(running(token)).toBe(0);
  });
});
