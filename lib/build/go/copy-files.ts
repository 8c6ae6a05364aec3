import {
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  type Stats,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Attributes } from '../disk/attributes.ts';
import { masked } from './chmod-mode.ts';
import { eachOperand } from './each-operand.ts';
import { holdLinks } from './links.ts';
import type { Parsed } from './options.ts';
import { NotPlain } from './shell.ts';
import { CommandFailed, existing, followed, locate, missing, realIn, type Where } from './where.ts';

/** `cp`, as GNU's and busybox's do it alike. */
export function copyFiles(parsed: Parsed, where: Where): void {
  const has = (...flags: string[]) => flags.some((flag) => parsed.flags.has(flag));
  const isRecursive = has('r', 'R', 'a');
  const how: How = {
    follows: has('L') || !(isRecursive || has('P', 'd')),
    keeps: has('p', 'a'),
    where,
  };
  eachMove('cp', parsed, where, ({ from, to, name }) => {
    const stat = how.follows ? statSync(from, { throwIfNoEntry: false }) : lstatSync(from);
    if (stat === undefined) throw leadsNowhere(name, from, where);
    if (stat.isDirectory() && !isRecursive)
      throw new CommandFailed(`cp: -r not specified; omitting directory '${name}'`);
    copyOne(from, to, how);
  });
}

/** `mv`. */
export function moveFiles(parsed: Parsed, where: Where): void {
  eachMove('mv', parsed, where, ({ from, to, name, path }) => {
    if (path === '/' || where.assumed.holds(path)) throw new NotPlain(`it moves ${path} of the base`);
    const there = lstatSync(to, { throwIfNoEntry: false });
    if (there?.ino === lstatSync(from).ino)
      throw new CommandFailed(`mv: '${name}' and itself are the same file`);
    // GNU's mv takes an empty one's place, and busybox's does not.
    if (there?.isDirectory() && lstatSync(from).isDirectory())
      throw new NotPlain(`${name} is to take the place of a directory`);
    renameSync(from, to);
    holdLinks(to, where.root);
  });
}

function leadsNowhere(name: string, from: string, where: Where): Error {
  const target = resolve(dirname(from), readlinkSync(from));
  const path = target.startsWith(`${where.root}/`) ? target.slice(where.root.length) : '/';
  return missing('cp: cannot stat', { ...locate(name, where), path }, where);
}

interface Move {
  /** As it was written. */
  name: string;
  /** In the stage. */
  path: string;
  /** On disk. */
  from: string;
  to: string;
}

function eachMove(
  command: 'cp' | 'mv',
  { flags, operands }: Parsed,
  where: Where,
  move: (move: Move) => void,
): void {
  const target = operands.at(-1) as string;
  if (operands.length < 2) throw new CommandFailed(`${command}: missing destination file operand`);
  if (flags.has('T') && operands.length > 2) throw new CommandFailed(`${command}: extra operand`);
  const to = locate(target, where);
  const isDirectory = followed(to)?.isDirectory() === true && !flags.has('T');
  if (operands.length > 2 && !isDirectory) throw missing(`${command}: target`, to, where);
  eachOperand(command, operands.slice(0, -1), (name) => {
    const { stat, disk: from, path } = existing(`${command}: cannot stat`, name, where);
    const last = basename(name.replace(/\/+$/, ''));
    if (['', '..'].includes(last) || (last === '.' && command === 'mv'))
      throw new NotPlain(`${command} is to take ${name}`);
    if (!isDirectory && to.stat === undefined) refuseUnsure(command, stat, to, where);
    // `cp -r dir/. to` copies what is in the directory.
    const isInto = isDirectory && last !== '.';
    move({ name, path, from, to: isInto ? join(realIn(where.root, to.disk), last) : to.disk });
  });
}

/** A directory that the base may have, or a file's name with a slash. */
function refuseUnsure(command: string, stat: Stats, to: ReturnType<typeof locate>, where: Where): void {
  const isDirectory = stat.isDirectory();
  if (to.isDirectoryAsked && !isDirectory) throw missing(`${command}: cannot create`, to, where);
  if (isDirectory && where.assumed.mayHave(to.path)) throw missing(command, to, where);
}

interface How {
  /** Whether what a symlink leads to is copied, and not the symlink. */
  follows: boolean;
  /** Whether modes and owners are. */
  keeps: boolean;
  where: Where;
}

function copyOne(from: string, to: string, how: How): void {
  const { where, follows } = how;
  const stat = follows ? statSync(from) : lstatSync(from);
  const shown = from.slice(where.root.length) || '/';
  if (where.assumed.holds(shown)) throw new NotPlain(`it copies ${shown} of the base`);
  const there = lstatSync(to, { throwIfNoEntry: false });
  if (stat.isDirectory()) copyDirectory(from, to, there, how);
  else if (there?.isSymbolicLink())
    throw new NotPlain(`cp is to write to ${to.slice(where.root.length)}, a symlink`);
  else if (there?.isDirectory())
    throw new CommandFailed(`cp: cannot overwrite directory '${to.slice(where.root.length)}' with a file`);
  else if (stat.isSymbolicLink()) copyLink(from, to, there, how);
  else if (stat.isFile()) copyFile(from, to, there, how);
  else throw new NotPlain(`cp is to copy ${shown}, which is no file`);
}

function copyFile(from: string, to: string, there: Stats | undefined, { keeps, where }: How): void {
  const { attributes, root } = where;
  const source = realIn(root, from);
  if (there?.ino === lstatSync(source).ino)
    throw new CommandFailed(
      `cp: '${from.slice(root.length)}' and '${to.slice(root.length)}' are the same file`,
    );
  const own = attributes.get(source);
  const before = there === undefined ? undefined : attributes.get(to);
  copyFileSync(source, to, constants.COPYFILE_FICLONE);
  attributes.set(to, keeps ? own : (before ?? madeLike(own)));
}

function copyLink(from: string, to: string, there: Stats | undefined, { keeps, where }: How): void {
  if (there !== undefined) throw new NotPlain('cp is to put a symlink in the place of a file');
  symlinkSync(readlinkSync(from), to);
  holdLinks(to, where.root);
  if (keeps) where.attributes.set(to, where.attributes.get(from));
}

function copyDirectory(from: string, to: string, there: Stats | undefined, how: How): void {
  const { keeps, where } = how;
  const { attributes, root } = where;
  const source = realIn(root, from);
  if (there?.isSymbolicLink()) throw new NotPlain(`cp is to write to ${to.slice(root.length)}, a symlink`);
  if (there?.isFile())
    throw new CommandFailed(`cp: cannot overwrite '${to.slice(root.length)}' with a directory`);
  if (to === source || to.startsWith(`${source}/`))
    throw new NotPlain('cp is to copy a directory into itself');
  const own = attributes.get(source);
  const made = there === undefined ? madeLike(own, keeps) : undefined;
  if (there === undefined) mkdirSync(to);
  const wanted = keeps ? own : made;
  try {
    eachOperand('cp', readdirSync(source).sort(), (name) => copyOne(join(source, name), join(to, name), how));
  } finally {
    if (wanted !== undefined) attributes.set(to, wanted);
  }
}

function madeLike({ mode }: Attributes, keeps = false): Attributes {
  if ((mode & 0o7000) !== 0 && !keeps)
    throw new NotPlain('cp is to copy what has a set-user-id or sticky bit');
  return { mode: masked(mode), uid: 0, gid: 0 };
}
