import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { RunLimits } from './limits.ts';
import { isGone, owner } from './owner.ts';

/** Control groups for one command (Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/). */
export interface ControlGroup {
  /** A process joins by writing its id into each of these files. */
  joins: string[];
  /** What it cannot hold here. */
  missing: readonly Limit[];
  /** Which limit was reached since it was made, if one was. */
  reached(): Limit | undefined;
  /** Removes it, once its processes have ended. */
  remove(): Promise<void>;
}

type Limit = 'processes' | 'memoryBytes';

const LIMITS: readonly Limit[] = ['processes', 'memoryBytes'];

interface Part {
  directory: string;
  limit: Limit;
  /** The file, and the word in it, that counts how often the limit was reached. */
  events: [file: string, word: string];
}

const TOP = '/sys/fs/cgroup';

let count = 0;

/** Makes control groups that hold the number of processes and the memory; nothing where this process may make none. */
export function makeControlGroup(limits: RunLimits, top = TOP): ControlGroup | undefined {
  sweep(top);
  const name = `fairlead-${owner().replace(' ', '-')}-${count++}`;
  const parts = makeUnified(name, limits, top) ?? makeSeparate(name, limits, top);
  if (parts.length === 0) return undefined;
  const directories = [...new Set(parts.map(({ directory }) => directory))];
  return {
    missing: LIMITS.filter((limit) => !parts.some((part) => part.limit === limit)),
    joins: directories.map((directory) => join(directory, 'cgroup.procs')),
    reached: () => parts.find(isReached)?.limit,
    remove: async () => {
      for (const directory of directories) await removeGroup(directory);
    },
  };
}

/** Where groups of builds may be. */
function parentsIn(top: string): string[] {
  if (existsSync(join(top, 'cgroup.controllers'))) return [...new Set([join(top, ownGroup('')), top])];
  return ['pids', 'memory'].flatMap((controller) => [
    ...new Set([join(top, controller, ownGroup(controller)), join(top, controller)]),
  ]);
}

const swept = new Set<string>();

/** Before its first group a process removes what is left of processes that were killed. Not one with processes in it. */
function sweep(top: string): void {
  if (swept.has(top)) return;
  swept.add(top);
  for (const parent of parentsIn(top))
    attempt(() => {
      for (const name of readdirSync(parent)) {
        const [, space, pid] = /^fairlead-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
        if (space !== undefined && isGone(`${space} ${pid}`)) attempt(() => rmdirSync(join(parent, name)));
      }
    });
}

// Version 2: one group with all controllers. Beside our own where that may have children, else at the top.
function makeUnified(name: string, limits: RunLimits, top: string): Part[] | undefined {
  if (!existsSync(join(top, 'cgroup.controllers'))) return undefined;
  for (const parent of parentsIn(top)) {
    const directory = join(parent, name);
    const isMade = attempt(() => {
      writeFileSync(join(parent, 'cgroup.subtree_control'), '+pids +memory');
      mkdirSync(directory);
      writeFileSync(join(directory, 'pids.max'), String(limits.processes));
      writeFileSync(join(directory, 'memory.max'), String(limits.memoryBytes));
    });
    if (!isMade) {
      attempt(() => rmdirSync(directory));
      continue;
    }
    return [
      { directory, limit: 'processes', events: ['pids.events', 'max'] },
      { directory, limit: 'memoryBytes', events: ['memory.events', 'oom_kill'] },
    ];
  }
  return [];
}

// Version 1: a hierarchy for each controller.
function makeSeparate(name: string, limits: RunLimits, top: string): Part[] {
  const parts: Part[] = [];
  const make = (controller: string, file: string, limit: Part['limit'], events: Part['events']) => {
    const mounted = join(top, controller);
    const own = join(mounted, ownGroup(controller));
    const directory = join(existsSync(own) ? own : mounted, name);
    const isMade = attempt(() => {
      if (!existsSync(mounted)) throw new Error('not mounted');
      mkdirSync(directory);
      writeFileSync(join(directory, file), String(limits[limit]));
    });
    if (isMade) parts.push({ directory, limit, events });
    else attempt(() => rmdirSync(directory));
  };
  make('pids', 'pids.max', 'processes', ['pids.events', 'max']);
  make('memory', 'memory.limit_in_bytes', 'memoryBytes', ['memory.oom_control', 'oom_kill']);
  return parts;
}

/** The path of our own group in a hierarchy, '' being version 2's. */
function ownGroup(controller: string): string {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  const own = lines
    .map((line) => line.split(':'))
    .find(([, controllers = '']) => controllers.split(',').includes(controller));
  return own?.[2] ?? '/';
}

function isReached({ directory, events: [file, word] }: Part): boolean {
  try {
    const lines = readFileSync(join(directory, file), 'utf8').split('\n');
    const line = lines.find((text) => text.startsWith(`${word} `));
    return Number(line?.slice(word.length) ?? 0) > 0;
  } catch {
    return false;
  }
}

async function removeGroup(directory: string): Promise<void> {
  attempt(() => writeFileSync(join(directory, 'cgroup.kill'), '1'));
  // The kernel takes a moment to bury the last process.
  for (let look = 0; look < 50 && existsSync(directory); look++) {
    if (attempt(() => rmdirSync(directory))) return;
    await setTimeout(10);
  }
}

function attempt(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
