import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { table } from '../bin/demo/table.ts';
import { App } from '../test/e2e/harness/app.ts';
import { LocalCloud } from '../test/e2e/harness/cloud.ts';

/** Long enough for functions that have nothing to do to be ended. */
const SETTLE_MS = 75_000;
const WATCH_MS = 30_000;

interface Usage {
  command: string;
  /** Resident set size, MiB. */
  resident: number;
  /** Proportional set size, MiB: memory shared by several processes counts once. */
  proportional: number;
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
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  const mebibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return {
    command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(),
    resident: mebibytes('Rss'),
    proportional: mebibytes('Pss'),
    ticks: Number(fields[11] ?? 0) + Number(fields[12] ?? 0),
  };
}

/** Watches a process and its descendants: a row for each, and one for them all. */
async function watch(root: number): Promise<string[][]> {
  const before = new Map(tree(root).map((pid) => [pid, usage(pid).ticks]));
  await sleep(WATCH_MS);
  const used = tree(root).map((pid) => {
    const now = usage(pid);
    return { ...now, percent: (now.ticks - (before.get(pid) ?? 0)) / (WATCH_MS / 1000) };
  });
  const total = (of: (each: (typeof used)[number]) => number) =>
    used.reduce((sum, each) => sum + of(each), 0);
  const row = (name: string, resident: number, proportional: number, percent: number) => [
    name,
    resident.toFixed(1),
    proportional.toFixed(1),
    percent.toFixed(2),
  ];
  return [
    ...used.map((each) => row(basename(each.command), each.resident, each.proportional, each.percent)),
    row(
      `all ${used.length}`,
      total((each) => each.resident),
      total((each) => each.proportional),
      total((each) => each.percent),
    ),
  ];
}

/** The program's name and its first argument, without folders. */
function basename(command: string): string {
  return command
    .split(' ')
    .slice(0, 2)
    .map((word) => word.split('/').at(-1))
    .join(' ');
}

/** Memory and processor time of the local cloud when nothing is pushed: empty, and with one app live. */
export async function main(): Promise<void> {
  const cloud = await LocalCloud.start();
  const head = ['process', 'resident MiB', 'proportional MiB', '% of a core'];
  try {
    await sleep(5_000);
    for (const line of table(head, await watch(cloud.ready.pid))) console.log(line);
    const app = await App.create(cloud.ready.git, 'idle');
    const pushed = await app.push();
    await app.remove();
    if (pushed.outcome !== 'live') throw new Error(pushed.text);
    await sleep(SETTLE_MS);
    console.log();
    for (const line of table(head, await watch(cloud.ready.pid))) console.log(line);
  } finally {
    await cloud.stop();
  }
}
