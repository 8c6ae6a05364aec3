import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { App } from '../test/e2e/harness/app.ts';
import { LocalCloud } from '../test/e2e/harness/cloud.ts';

/** Long enough for functions that have nothing to do to be ended. */
const SETTLE_MS = 75_000;
const WATCH_MS = 30_000;

interface Usage {
  command: string;
  /** Proportional set size, MiB: memory shared by several processes counts once. */
  mebibytes: number;
  /** Clock ticks of the processor, of which there are 100 a second. */
  ticks: number;
}

const read = (path: string) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** The process `root` and all that descend from it. */
function tree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const fields = read(`/proc/${name}/stat`).split(') ').at(-1)?.split(' ');
    if (fields?.[1] !== undefined) parents.set(Number(name), Number(fields[1]));
  }
  const belongs = (pid: number): boolean =>
    pid === root || (parents.has(pid) && belongs(parents.get(pid) ?? 0));
  return [...parents.keys()].filter(belongs);
}

function usage(pid: number): Usage {
  const pss = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1];
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return {
    command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 60).trim(),
    mebibytes: Number(pss ?? 0) / 1024,
    ticks: Number(fields[11] ?? 0) + Number(fields[12] ?? 0),
  };
}

/** Memory and processor time of the local cloud with one app live, when nothing is pushed. */
export async function main(): Promise<void> {
  const cloud = await LocalCloud.start();
  try {
    const app = await App.create(cloud.ready.git, 'idle');
    const pushed = await app.push();
    await app.remove();
    if (pushed.outcome !== 'live') throw new Error(pushed.text);
    await sleep(SETTLE_MS);
    const before = new Map(tree(cloud.ready.pid).map((pid) => [pid, usage(pid)]));
    await sleep(WATCH_MS);
    const after = tree(cloud.ready.pid).map((pid) => [pid, usage(pid)] as const);
    let memory = 0;
    let ticks = 0;
    for (const [pid, { command, mebibytes, ticks: now }] of after) {
      const spent = now - (before.get(pid)?.ticks ?? 0);
      memory += mebibytes;
      ticks += spent;
      console.log(
        `${mebibytes.toFixed(1).padStart(7)} MiB  ${(spent / (WATCH_MS / 1000)).toFixed(2)} %  ${command}`,
      );
    }
    console.log(`${memory.toFixed(1).padStart(7)} MiB  ${(ticks / (WATCH_MS / 1000)).toFixed(2)} %  in all`);
  } finally {
    await cloud.stop();
  }
}
