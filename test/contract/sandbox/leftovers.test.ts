import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { sweepPairs } from '../../../lib/sandbox/network.ts';
import { owner } from '../../../lib/sandbox/owner.ts';

const can = process.getuid?.() === 0 && existsSync('/sbin/ip');

/** Greater than any number that a build takes. */
const NAMES = ['fl99998', 'fl99999'] as const;

const ip = (...args: string[]) => execFileSync('/sbin/ip', args, { stdio: 'pipe' });

afterEach(() => {
  for (const name of NAMES) spawnSync('/sbin/ip', ['link', 'del', name]);
});

it.skipIf(!can)('takes away the network of a process that was killed, and of no other', async () => {
  const { pid } = spawnSync('true');
  const [dead, alive] = NAMES;
  for (const name of NAMES) ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`);
  ip('link', 'set', dead, 'alias', `fairlead ${owner().replace(/\d+$/, String(pid))}`);
  ip('link', 'set', alive, 'alias', `fairlead ${owner()}`);
  await sweepPairs();
  expect(NAMES.map((name) => existsSync(`/sys/class/net/${name}`))).toEqual([false, true]);
});
