import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { build } from '../../../lib/build/build.ts';
import type { BuildFailure } from '../../../lib/build/failure.ts';
import type { ProgressEvent } from '../../../lib/build/progress.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { probeSandbox } from '../../../lib/sandbox/ability.ts';
import { baseWithShell } from './shell-base.ts';
import { directory, imageOf, Scratch } from './support.ts';

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

it('a layer that comes slowly is given up when something else fails, and nothing goes on after the build', async () => {
  const base = await imageOf(scratch, [{ ...directory('etc') }]);
  const opened: Readable[] = [];
  const open = async () => {
    const endless = new Readable({ read: () => {} });
    opened.push(endless);
    return endless;
  };
  const slow = { ...base, layers: base.layers.map((layer) => ({ ...layer, open })) };
  const context = scratch.context({
    Dockerfile:
      'FROM scratch AS long\nCOPY --from=slow /etc /\nFROM other AS bad\nFROM scratch\nCOPY --from=long / /\nCOPY --from=bad / /',
  });
  const resolve = async (reference: unknown) => {
    if (reference === 'slow') return slow;
    await until(() => opened.length > 0);
    throw new FairleadError({ code: 'registry/down', operation: 'pulling', cause: 'it is down' });
  };
  const failed = build({ context, cacheDir: scratch.directory(), registries: { resolve } });
  await expect(failed).rejects.toMatchObject({ line: 3, code: 'registry/down' });
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true]);
});
