import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseIgnore } from '../../dockerfile/ignore.ts';
import type { Dockerfile } from '../../dockerfile/types.ts';
import { FairleadError } from '../../errors.ts';
import type { Tree } from '../tree.ts';
import { readContext } from './context.ts';
import { fromNames } from './plan.ts';

/** What a name of `--build-context` stands for. */
export type NamedContext = { kind: 'directory'; path: string } | { kind: 'image'; reference: string };

/** Named contexts, read as far as the Dockerfile takes from them. */
export interface Named {
  /** The files of directories. */
  directories: ReadonlyMap<string, Tree>;
  /** The references of images. */
  aliases: ReadonlyMap<string, string>;
}

/** Reads the directories that some `--from` names. Throws `build/bad-context`. */
export function readNamed(
  contexts: Readonly<Record<string, NamedContext>>,
  dockerfile: Dockerfile,
  mtime: number,
): Named {
  const directories = new Map<string, Tree>();
  const aliases = new Map<string, string>();
  const used = new Set(dockerfile.stages.flatMap(fromNames));
  for (const [name, context] of Object.entries(contexts)) {
    if (dockerfile.stages.some((stage) => stage.name === name.toLowerCase()))
      throw bad(name, `a stage of ${dockerfile.name} is called ${name}`, 'give the context another name');
    if (context.kind === 'image') aliases.set(name, context.reference);
    else if (used.has(name)) directories.set(name, readDirectory(name, context.path, mtime));
  }
  return { directories, aliases };
}

function readDirectory(name: string, directory: string, mtime: number): Tree {
  const path = resolve(directory);
  if (!existsSync(path)) throw bad(name, `there is no directory ${directory}`, 'name one that is there');
  const ignore = join(path, '.dockerignore');
  return readContext(path, parseIgnore(existsSync(ignore) ? readFileSync(ignore, 'utf8') : ''), mtime);
}

function bad(name: string, cause: string, remedy: string): FairleadError {
  return new FairleadError({
    code: 'build/bad-context',
    operation: `reading the build context ${name}`,
    cause,
    remedy,
  });
}
