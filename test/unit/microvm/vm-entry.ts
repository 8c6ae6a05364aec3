// What runs in the MicroVMs of these tests: the real server, with builds that do as the name of their image says.
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BuildFailure } from '../../../lib/build/failure.ts';
import type { Carry } from '../../../lib/engine/microvm/server/builds.ts';
import { startVmServer } from '../../../lib/engine/microvm/server/start.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { LimitExceeded } from '../../../lib/sandbox/limits.ts';

const { LISTEN = '', LISTEN_HOOKS = '', CARRIED = '' } = process.env;
const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const tries = new Map<string, number>();

const carry: Carry = async (order, onEvent, signal) => {
  appendFileSync(CARRIED, `${order.publishTo} ${process.cwd()}\n`);
  const attempt = (tries.get(order.name) ?? 0) + 1;
  tries.set(order.name, attempt);
  const what = order.publishTo.split('/').at(-1) ?? '';
  const ms = Number(/^slow-(\d+)$/.exec(what)?.[1] ?? 0);
  onEvent({ type: 'output', line: 1, text: 'one' });
  for (const end = Date.now() + ms; Date.now() < end; ) await sleep(20, undefined, { signal });
  if (what === 'fails')
    throw new FairleadError({ code: 'build/run-failed', operation: 'x', cause: 'exit code 1' });
  if (what === 'breaks' && attempt <= 2) throw new Error('the registry went away');
  if (what === 'always-breaks') throw new Error('the registry went away');
  if (what === 'full') throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  if (what === 'hungry')
    throw new BuildFailure(
      { code: 'build/limit', operation: 'x', place: 'Dockerfile:3', cause: 'too much' },
      3,
      'RUN x',
      {
        cause: new LimitExceeded('memoryBytes', 'too much'),
      },
    );
  if (what === 'dies') process.exit(137);
  onEvent({ type: 'output', line: 1, text: 'two' });
  if (what === 'lies') order.publishTo = 'registry.test/somebody/else';
  return {
    outcome: 'built',
    digest: DIGEST,
    image: `${order.publishTo}@${DIGEST}`,
    exposedPorts: [],
    ms: 1,
    uploadedBytes: 0,
  };
};

await startVmServer({ carry, listen: LISTEN, listenHooks: LISTEN_HOOKS, limitMs: 60_000 });
