import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { within } from '../stage/config.ts';
import { holdLinks } from './links.ts';

/** A command that failed as it would in a shell; the message is what it would have written. */
export class CommandFailed extends Error {}

/** What the file system says to what a command asks for; that the disk is full is not the command's fault. */
const REFUSALS = /^(ENOENT|ENOTDIR|EISDIR|EEXIST|ENOTEMPTY|ELOOP|ENAMETOOLONG|EINVAL|ERR_FS_CP_\w+)$/;

export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && REFUSALS.test(String(error.code));
}

/** Where the built-in commands work: `root` on disk is `/` of the stage. */
export interface Where {
  root: string;
  /** The working directory in the stage. */
  cwd: string;
}

/** The commands that the function engine does itself (POSIX utilities, as far as Dockerfiles of Go programs use them). */
export const FILE_COMMANDS: Record<string, (args: string[], where: Where) => void> = {
  mkdir(args, where) {
    const { flags, operands } = parseFlags('mkdir', args, 'pv');
    for (const path of operands) {
      const target = onDisk(path, where);
      if (flags.has('p')) makeDirectories(target);
      else if (existsSync(target))
        throw new CommandFailed(`mkdir: cannot create directory '${path}': File exists`);
      else makeDirectory(target, path);
    }
  },
  cp(args, where) {
    const { flags, operands } = parseFlags('cp', args, 'rRafpvLTnu');
    const isRecursive = ['r', 'R', 'a'].some((flag) => flags.has(flag));
    eachMove('cp', operands, where, (from, to, name) => {
      if (statSync(from).isDirectory() && !isRecursive) {
        throw new CommandFailed(`cp: -r not specified; omitting directory '${name}'`);
      }
      if (isRecursive) cpSync(from, to, { recursive: true, verbatimSymlinks: true, force: true });
      else copyFileSync(realpathSync(from), to);
      holdLinks(to, where.root);
    });
  },
  mv(args, where) {
    const { operands } = parseFlags('mv', args, 'fv');
    eachMove('mv', operands, where, (from, to) => {
      renameSync(from, to);
      holdLinks(to, where.root);
    });
  },
  rm(args, where) {
    const { flags, operands } = parseFlags('rm', args, 'rRfv');
    const recursive = flags.has('r') || flags.has('R');
    for (const path of operands) {
      const target = onDisk(path, where);
      const stat = lstatSync(target, { throwIfNoEntry: false });
      if (stat === undefined && !flags.has('f')) throw missing('rm: cannot remove', path);
      if (stat?.isDirectory() && !recursive)
        throw new CommandFailed(`rm: cannot remove '${path}': Is a directory`);
      if (target === where.root) throw new CommandFailed("rm: it is dangerous to operate recursively on '/'");
      rmSync(target, { recursive, force: true });
    }
  },
  chmod(args, where) {
    const { flags, operands } = parseFlags('chmod', args, 'Rv');
    const [mode = '', ...paths] = operands;
    if (flags.has('R')) throw new CommandFailed('chmod: -R is not supported here');
    for (const path of paths) {
      const target = existing('chmod: cannot access', path, where);
      chmodSync(target, newMode(mode, statSync(target).mode));
    }
  },
  touch(args, where) {
    const { operands } = parseFlags('touch', args, 'c');
    for (const path of operands) {
      const target = onDisk(path, where);
      if (existsSync(target)) utimesSync(target, new Date(), new Date());
      else {
        writeFileSync(target, '', { flag: 'wx' });
        chmodSync(target, 0o644);
      }
    }
  },
};

/** `cd`: the new working directory. */
export function changeDirectory(args: string[], where: Where, home: string): string {
  const path = args[0] ?? home;
  const target = onDisk(path, where);
  if (!statSync(target, { throwIfNoEntry: false })?.isDirectory()) {
    throw new CommandFailed(`cd: can't cd to ${path}: No such file or directory`);
  }
  return within(where.cwd, path);
}

function parseFlags(
  command: string,
  args: string[],
  known: string,
): { flags: Set<string>; operands: string[] } {
  const flags = new Set<string>();
  const operands: string[] = [];
  for (const arg of args) {
    if (!/^-./.test(arg) || operands.length > 0) operands.push(arg);
    else if (arg !== '--') for (const letter of letters(command, arg, known)) flags.add(letter);
  }
  if (operands.length === 0) throw new CommandFailed(`${command}: missing operand`);
  return { flags, operands };
}

function letters(command: string, arg: string, known: string): string[] {
  const long: Record<string, string> = {
    '--parents': 'p',
    '--recursive': 'r',
    '--force': 'f',
    '--archive': 'a',
  };
  const found = arg.startsWith('--') ? [long[arg] ?? ''] : [...arg.slice(1)];
  if (found.every((letter) => letter !== '' && known.includes(letter))) return found;
  throw new CommandFailed(`${command}: the option ${arg} is not supported here`);
}

function eachMove(
  command: string,
  operands: string[],
  where: Where,
  move: (from: string, to: string, name: string) => void,
): void {
  const target = operands.at(-1);
  if (target === undefined || operands.length < 2) throw new CommandFailed(`${command}: missing destination`);
  const to = onDisk(target, where);
  const isDirectory = statSync(to, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (operands.length > 2 && !isDirectory)
    throw new CommandFailed(`${command}: target '${target}': No such directory`);
  if (target.endsWith('/') && !isDirectory) throw missing(`${command}: cannot create`, target);
  for (const path of operands.slice(0, -1)) {
    const from = existing(`${command}: cannot stat`, path, where);
    // `cp -r dir/. to` copies what is in the directory.
    const isContents = /(^|\/)\.$/.test(path);
    move(from, isDirectory && !isContents ? join(to, basename(within(where.cwd, path))) : to, path);
  }
}

function existing(what: string, path: string, where: Where): string {
  const target = onDisk(path, where);
  if (!existsSync(target)) throw missing(what, path);
  return target;
}

function missing(what: string, path: string): CommandFailed {
  return new CommandFailed(`${what} '${path}': No such file or directory`);
}

/**
 * Where a path of the stage is on disk. Symlinks on the way are followed only inside of the root; the last name is
 * left as it is, since commands differ in what they do with it.
 */
function onDisk(path: string, { root, cwd }: Where): string {
  const target = within(cwd, path);
  if (target === '/') return root;
  const parent = nearest(join(root, dirname(target)));
  const real = realpathSync(parent);
  const top = realpathSync(root);
  if (real !== top && !real.startsWith(`${top}/`)) throw new CommandFailed(`${path}: leads out of the stage`);
  const found = join(root, target);
  const link = lstatSync(found, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  if (!link || !existsSync(found)) return found;
  const end = realpathSync(found);
  if (end !== top && !end.startsWith(`${top}/`)) throw new CommandFailed(`${path}: leads out of the stage`);
  return found;
}

function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

function makeDirectories(path: string): void {
  if (existsSync(path)) return;
  makeDirectories(dirname(path));
  makeDirectory(path, path);
}

// The umask of a RUN is 022, whatever the builder's is.
function makeDirectory(path: string, shown: string): void {
  if (!existsSync(dirname(path))) throw missing('mkdir: cannot create directory', shown);
  mkdirSync(path);
  chmodSync(path, 0o755);
}

function newMode(text: string, before: number): number {
  if (/^[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8);
  const parts = /^([ugoa]*)([+-])([rwx]+)$/.exec(text);
  if (parts === null) throw new CommandFailed(`chmod: the mode '${text}' is not supported here`);
  const [, who = '', sign, what = ''] = parts;
  const classes = who === '' || who.includes('a') ? 'ugo' : who;
  let bits = 0;
  for (const letter of what) bits |= { r: 4, w: 2, x: 1 }[letter as 'r' | 'w' | 'x'];
  let mask = 0;
  for (const letter of classes) mask |= bits << { u: 6, g: 3, o: 0 }[letter as 'u' | 'g' | 'o'];
  return sign === '+' ? before | mask : before & ~mask;
}
