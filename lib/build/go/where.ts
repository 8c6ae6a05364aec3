import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DiskAttributes } from '../disk/attributes.ts';
import { within } from '../stage/config.ts';
import { NotPlain } from './shell.ts';

/** A command that failed as it would in a shell; the message is what it would have written. */
export class CommandFailed extends Error {}

/** What is known of the base under a stage whose files are left where they are. Paths are absolute in the stage. */
export interface Assumed {
  /** Whether the base may have what the stage has not. */
  mayHave(path: string): boolean;
  /** Whether a path, or something below it, is the base's, so that there may be more in it, or other than is assumed. */
  holds(path: string): boolean;
}

/** Where the built-in commands work: `root` on disk is `/` of the stage. */
export interface Where {
  root: string;
  /** The working directory in the stage. */
  cwd: string;
  attributes: DiskAttributes;
  assumed: Assumed;
}

/** A path of a command. */
export interface Place {
  /** As it was written, for people. */
  name: string;
  /** Absolute in the stage, links of the directories above it followed. */
  path: string;
  /** Absolute on this machine. */
  disk: string;
  /** Whether it was written with a slash at its end. */
  isDirectoryAsked: boolean;
  /** What is there, a symlink itself; nothing when nothing is. */
  stat: Stats | undefined;
}

/** What the container of a RUN has there is none of the image's (BuildKit, executor/oci). */
const CONTAINERS = /^\/(?:dev|proc|sys|etc\/(?:hosts|hostname|resolv\.conf))(?:\/|$)/;

/**
 * Where a path of the stage is on disk. Symlinks of the directories above it are followed, inside of the root; the last
 * name is left as it is, since commands differ in what they do with it. Throws NotPlain for what is not ours to know.
 */
export function locate(name: string, { root, cwd }: Where): Place {
  if (name === '') throw new CommandFailed("'': No such file or directory");
  refuseClimbing(name, root, cwd);
  const logical = within(cwd, name);
  const disk = logical === '/' ? root : join(realDirectory(root, dirname(logical)), basename(logical));
  const path = disk === root ? '/' : disk.slice(root.length);
  if (CONTAINERS.test(path)) throw new NotPlain(`${path} is the container's in a RUN, and not the image's`);
  const stat = lstatSync(disk, { throwIfNoEntry: false });
  return { name, path, disk, isDirectoryAsked: /\/\.?$/.test(name), stat };
}

/** The same of what has to be there. */
export function existing(what: string, name: string, where: Where): Place & { stat: Stats } {
  const place = locate(name, where);
  const { stat } = place;
  if (stat === undefined) throw missing(what, place, where);
  if (place.isDirectoryAsked && !stat.isDirectory()) {
    if (stat.isSymbolicLink()) throw new NotPlain(`${name} is a symlink with a slash behind it`);
    throw new CommandFailed(`${what} '${name}': Not a directory`);
  }
  return { ...place, stat };
}

/** The error of what is not there; NotPlain where the base may have it. */
export function missing(what: string, { name, path }: Place, { assumed }: Where): CommandFailed | NotPlain {
  if (assumed.mayHave(path)) return new NotPlain(`it needs ${path} of the base`);
  return new CommandFailed(`${what} '${name}': No such file or directory`);
}

/** What a path is when its symlinks are followed; nothing where they lead nowhere. */
export function followed({ disk }: Place): Stats | undefined {
  return statSync(disk, { throwIfNoEntry: false });
}

// `link/..` is where the link leads, for all but `cd`, and we go by names.
function refuseClimbing(name: string, root: string, cwd: string): void {
  if (!name.split('/').includes('..')) return;
  let at = name.startsWith('/') ? '/' : cwd;
  for (const part of name.split('/')) {
    if (part === '..' && realDirectory(root, at) !== join(root, at).replace(/\/$/, ''))
      throw new NotPlain(`${name} climbs out of a symlink`);
    at = within(at, part === '' ? '.' : part);
  }
}

/** Where a directory is on disk, its links followed; what is missing of it stays as it is. */
function realDirectory(root: string, path: string): string {
  const missingNames: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    const disk = join(root, at).replace(/\/$/, '');
    if (lstatSync(disk, { throwIfNoEntry: false }) === undefined) {
      missingNames.unshift(basename(at));
      continue;
    }
    return join(realIn(root, disk), ...missingNames);
  }
}

/** Where a path on disk is when its symlinks are followed, which stay in the root. */
export function realIn(root: string, disk: string): string {
  const [top, real] = [realpathSync(root), realpathSync(disk)];
  if (real !== top && !real.startsWith(`${top}/`)) throw new NotPlain('a symlink leads out of the stage');
  return root + real.slice(top.length);
}
