import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle } from './bundle.ts';

/** Where bundles are made before they become assets; the folder is git-ignored. */
const BUNDLES = resolve('dist', 'functions');

/** Synthesis may run several times at once in one checkout, as tests do: each has a folder of its own meanwhile. */
const OWN = join(BUNDLES, `.${process.pid}`);

const made = new Map<string, string>();

/**
 * The folder with the bundle of the handler in `entry`, for the asset called `name`; made once in the life of this process.
 * What is beside the bundle is gone when it is asked for again. When the process ends, `dist/functions/NAME` is what was
 * made last, with its maps.
 */
export function bundled(name: string, entry: string): string {
  if (made.size === 0) begin();
  const directory = join(OWN, name);
  if (made.get(name) !== entry) {
    mkdirSync(directory, { recursive: true });
    bundle(entry, directory);
    made.set(name, entry);
  }
  for (const file of readdirSync(directory))
    if (!/\.mjs(\.map)?$/.test(file)) rmSync(join(directory, file), { recursive: true });
  return directory;
}

function begin(): void {
  mkdirSync(BUNDLES, { recursive: true });
  for (const name of readdirSync(BUNDLES)) {
    const pid = /^\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      rmSync(join(BUNDLES, name), { recursive: true, force: true });
  }
  process.once('exit', end);
}

function isRunning(pid: number): boolean {
  try {
    return pid !== process.pid && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function end(): void {
  for (const name of made.keys()) {
    const old = join(OWN, `${name}.old`);
    try {
      if (existsSync(join(BUNDLES, name))) renameSync(join(BUNDLES, name), old);
      renameSync(join(OWN, name), join(BUNDLES, name));
    } catch {
      // Another process was as fast; its bundles are the same.
    }
  }
  rmSync(OWN, { recursive: true, force: true });
}
