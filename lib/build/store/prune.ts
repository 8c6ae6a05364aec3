import { lstatSync, readdirSync, rmSync, type Stats, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { removeTree } from '../../sandbox/remove-tree.ts';
import { isHeld, tryLock, tryLockAs, unlock } from './lock.ts';
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

/** How far the times of a file system may be behind the clock. */
const CLOCK_MS = 1000;

interface Unmarked {
  path: string;
  bytes: number;
  usedAt: number;
}

interface Unit extends Unmarked {
  isAbandoned: boolean;
}

/** Beneath it each hold has its lock file: see holdCache. */
export const HOLDS = 'holds';

export interface PruneOptions {
  /** Bytes that may stay; half of the disk, and 20 GiB at most, when it is left out. */
  limit?: number;
  /** In milliseconds since 1970, as all times here. */
  now?: number;
  /** What was used since then stays, however much it is. */
  since?: number;
  /** The hold of who prunes, which does not count. */
  own?: string;
}

/**
 * Removes what was not used for the longest time, until the cache holds `limit` bytes at most. Measured every ten minutes,
 * and only while nobody else holds the cache; who wants to hold it meanwhile waits until what goes is gone. Never fails a
 * build: what cannot be removed stays. What builds left unfinished goes too, when it is an hour old.
 */
export function prune(store: Store, options: PruneOptions = {}): void {
  const { now = Date.now(), own } = options;
  const marker = store.path('pruned');
  const last = lstatSync(marker, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (now - last < EVERY_MS || othersHold(store, own)) return;
  try {
    writeFileSync(marker, '');
  } catch {
    // The disk is full: all the more there is to be done.
  }
  const going = leaving(measured(store, now), options.limit ?? defaultLimit(store.directory), options);
  const lock = pruningLock(store);
  if (!(own === undefined ? tryLock(lock) : tryLockAs(own, lock))) return;
  try {
    // Only now: who came while it was measured may have found what is on the list.
    if (othersHold(store, own)) rmSync(marker, { force: true });
    else for (const unit of going) removeUnlessUsed(unit);
    forgetTheDead(store);
  } finally {
    unlock(lock);
  }
}

/** Whether something is being removed now. */
export function isPruning(store: Store): boolean {
  return isHeld(pruningLock(store));
}

function pruningLock(store: Store): string {
  return store.path('pruning.lock');
}

/** All that may go, what was abandoned first, then the oldest. */
function measured(store: Store, now: number): Unit[] {
  const isUnfinished = ({ path }: Unmarked) => UNFINISHED.test(relative(store.directory, path));
  const units: Unmarked[] = [
    ...BY_FILE.flatMap((name) => files(store.path(name))),
    ...WHOLE.flatMap((name) => wholes(store.path(name))),
    ...wholes(store.path('go')).filter(({ path }) => /\/mod(-[0-9a-f]+)?$/.test(path)),
    ...wholes(store.directory).filter(isUnfinished),
    ...WHOLE.flatMap((name) => filesIn(store.path(name))).filter(isUnfinished),
  ];
  return units
    .map((unit) => ({ ...unit, isAbandoned: isUnfinished(unit) && now - unit.usedAt > ABANDONED_MS }))
    .sort((a, b) => Number(b.isAbandoned) - Number(a.isAbandoned) || a.usedAt - b.usedAt);
}

/** The first of `units` without which the others are `limit` bytes at most. */
function leaving(units: readonly Unit[], limit: number, { since = Infinity }: PruneOptions): Unit[] {
  let bytes = units.reduce((sum, unit) => sum + unit.bytes, 0);
  return units.filter((unit) => {
    if (!unit.isAbandoned && (bytes <= limit || unit.usedAt >= since - CLOCK_MS)) return false;
    bytes -= unit.bytes;
    return true;
  });
}

function removeUnlessUsed({ path, usedAt }: Unit): void {
  try {
    if ((lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > usedAt) return;
    removeTree(path);
    rmSync(`${path}.index.json`, { force: true });
  } catch {
    // Somebody else's, or gone already.
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

function othersHold(store: Store, own: string | undefined): boolean {
  const holds = list(store.path(HOLDS)).map((name) => store.path(HOLDS, name));
  return holds.some((hold) => hold !== own && hold.endsWith('.lock') && isHeld(hold));
}

/** Removes the holds of processes that were cut off. */
function forgetTheDead(store: Store): void {
  const holds = list(store.path(HOLDS)).map((name) => store.path(HOLDS, name));
  for (const hold of holds) if (!isHeld(hold)) rmSync(hold, { force: true });
}

function files(directory: string): Unmarked[] {
  return list(directory).flatMap((name) => {
    const path = join(directory, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    return stat.isDirectory() ? files(path) : [{ path, bytes: onDisk(stat), usedAt: stat.mtimeMs }];
  });
}

/** The files in a directory itself, such as locks that were being taken. */
function filesIn(directory: string): Unmarked[] {
  return list(directory).flatMap((name) => {
    const path = join(directory, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat?.isFile() ? [{ path, bytes: onDisk(stat), usedAt: stat.mtimeMs }] : [];
  });
}

function wholes(directory: string): Unmarked[] {
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
