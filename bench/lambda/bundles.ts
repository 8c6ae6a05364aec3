import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, buildSync } from 'esbuild';
import { bundleOptions } from '../../lib/stacks/bundle.ts';

export interface Bundle {
  /** Bytes of the modules that are read at the start, and of these in gzip. */
  start: number;
  zipped: number;
  /** Bytes of all modules: with those that are read when they are needed. */
  all: number;
  /** What all of it is made of, as paths from the root of the repository. */
  sources: string[];
}

/** Bundles `entry` into `directory` as for AWS, but for `other`, and tells how large it is. */
export function makeBundle(entry: string, directory: string, other: BuildOptions = {}): Bundle {
  const { metafile } = buildSync({ ...bundleOptions(entry, directory), ...other, metafile: true });
  const modules = new Map(Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.mjs')));
  const index = [...modules.keys()].find((path) => path.endsWith('/index.mjs'));
  if (index === undefined) throw new Error(`${entry} came to no index.mjs`);
  const atStart = new Set<string>();
  const read = (path: string) => {
    const module = modules.get(path);
    if (module === undefined || atStart.has(path)) return;
    atStart.add(path);
    for (const { kind, path: next } of module.imports) if (kind === 'import-statement') read(next);
  };
  read(index);
  const sum = (paths: Iterable<string>, of: (path: string) => number) =>
    [...paths].reduce((total, path) => total + of(path), 0);
  return {
    start: sum(atStart, (path) => modules.get(path)?.bytes ?? 0),
    zipped: sum(atStart, (path) => gzipSync(readFileSync(path)).length),
    all: sum(modules.keys(), (path) => modules.get(path)?.bytes ?? 0),
    sources: [...modules.values()].flatMap(({ inputs }) => Object.keys(inputs)),
  };
}
