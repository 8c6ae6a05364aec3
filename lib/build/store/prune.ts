import { lstatSync, readdirSync, rmSync, type Stats, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { removeTree } from '../disk/remove.ts';
import { isHeld } from './lock.ts';
import type { Store } from './store.ts';

/** How often the cache is measured. */
const EVERY_MS = 10 * 60 * 1000;

const LARGEST_BYTES = 20 * 1024 ** 3;

/** Beneath these, each file is used, and goes, by itself; Go stamps those of its build cache when it uses them. */
const BY_FILE = [
  'abilities',
  'files',
  'blobs',
  'steps',
  'layers',
  'bases',
  'extracted',
  'hashes',
  'configurations',
  'toolchains',
  'archives',
  'downloads',
  'go/build',
  'remote',
];

/** Beneath these, what is in the directory is used, and goes, as a whole. */
const WHOLE = ['roots', 'stages', 'mounts'];

/** What a build was writing when it was cut off: it appears under its name only when it is whole. */
const UNFINISHED = /(^|\/)(unfinished[-/]|trial-)|\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Nobody writes to one thing for longer. */
const ABANDONED_MS = 60 * 60 * 1000;

interface Unit {
  path: string;
  bytes: number;
  usedAt: number;
}

/**
 * Removes what was not used for the longest time, until the cache holds `limit` bytes at most: without a limit half of
 * its disk, and 20 GiB at most. Measured every ten minutes, and only while no other build is running. Never fails a
 * build: what cannot be removed stays. What builds left unfinished goes too, when it is an hour old.
 */
export function prune(store: Store, limit = defaultLimit(store.directory), now = Date.now()): void {
  const marker = store.path('pruned');
  const last = lstatSync(marker, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (now - last < EVERY_MS || othersAreRunning(store.path('stages'))) return;
  try {
    writeFileSync(marker, '');
  } catch {
    // The disk is full: all the more there is to be done.
  }
  const units = [
    ...BY_FILE.flatMap((name) => files(store.path(name))),
    ...WHOLE.flatMap((name) => wholes(store.path(name))),
  ];
  units.push(...wholes(store.path('go')).filter(({ path }) => /\/mod(-[0-9a-f]+)?$/.test(path)));
  const isUnfinished = ({ path }: Unit) => UNFINISHED.test(relative(store.directory, path));
  const isAbandoned = (unit: Unit) => isUnfinished(unit) && now - unit.usedAt > ABANDONED_MS;
  units.push(...wholes(store.directory).filter(isUnfinished));
  units.push(...WHOLE.flatMap((name) => filesIn(store.path(name))).filter(isUnfinished));
  let bytes = units.reduce((sum, unit) => sum + unit.bytes, 0);
  units.sort((a, b) => Number(isAbandoned(b)) - Number(isAbandoned(a)) || a.usedAt - b.usedAt);
  for (const unit of units) {
    if (bytes <= limit && !isAbandoned(unit)) break;
    try {
      removeTree(unit.path);
      rmSync(`${unit.path}.index.json`, { force: true });
      bytes -= unit.bytes;
    } catch {
      // Somebody else's, or gone already.
    }
  }
}

/** Says that a whole directory was used now. */
export function markUsed(directory: string): void {
  try {
    utimesSync(directory, new Date(), new Date());
  } catch {
    // Not there yet.
  }
}

function defaultLimit(directory: string): number {
  const { blocks, bsize } = statfsSync(directory);
  return Math.min(LARGEST_BYTES, (blocks * bsize) / 2);
}

function othersAreRunning(stages: string): boolean {
  return list(stages).some((name) => name.endsWith('.lock') && isHeld(join(stages, name)));
}

function files(directory: string): Unit[] {
  return list(directory).flatMap((name) => {
    const path = join(directory, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    return stat.isDirectory() ? files(path) : [{ path, bytes: onDisk(stat), usedAt: stat.mtimeMs }];
  });
}

/** The files in a directory itself, such as locks that were being taken. */
function filesIn(directory: string): Unit[] {
  return list(directory).flatMap((name) => {
    const path = join(directory, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat?.isFile() ? [{ path, bytes: onDisk(stat), usedAt: stat.mtimeMs }] : [];
  });
}

function wholes(directory: string): Unit[] {
  return list(directory).flatMap((name) => {
    const path = join(directory, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat?.isDirectory()) return [];
    return [{ path, bytes: measure(path), usedAt: stat.mtimeMs }];
  });
}

function measure(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return onDisk(stat);
  return list(path).reduce((sum, name) => sum + measure(join(path, name)), onDisk(stat));
}

function onDisk({ blocks }: Stats): number {
  return blocks * 512;
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
