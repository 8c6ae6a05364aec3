import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { ModeChange } from '../copy/mode.ts';
import { within } from '../stage/config.ts';
import { isCache } from './caches.ts';
import { chmodChange } from './chmod-mode.ts';
import { copyFiles, moveFiles } from './copy-files.ts';
import { eachOperand } from './each-operand.ts';
import { type Parsed, parseOptions } from './options.ts';
import { NotPlain } from './shell.ts';
import { CommandFailed, existing, followed, locate, missing, realIn, type Where } from './where.ts';

type Command = (parsed: Parsed, where: Where) => void;

const COMMANDS: Readonly<Record<string, Command>> = {
  cp: copyFiles,
  mv: moveFiles,
  mkdir({ flags, values, operands }, where) {
    const mode = values.get('m');
    const wanted = mode === undefined ? undefined : chmodChange(mode)(0o777, true);
    eachOperand('mkdir', operands, (name) => {
      const place = locate(name, where);
      const found = place.stat?.isSymbolicLink() ? followed(place) : place.stat;
      if (flags.has('p') && found?.isDirectory()) return;
      if (place.stat !== undefined)
        throw new CommandFailed(`mkdir: cannot create directory '${name}': File exists`);
      if (flags.has('p')) makeDirectories(dirname(place.disk));
      else if (!existsSync(dirname(place.disk)))
        throw missing('mkdir: cannot create directory', { ...place, path: dirname(place.path) }, where);
      makeDirectory(place.disk);
      if (wanted !== undefined) where.attributes.set(place.disk, { mode: wanted, uid: 0, gid: 0 });
    });
  },
  rm({ flags, operands }, where) {
    const recursive = flags.has('r') || flags.has('R');
    eachOperand('rm', operands, (name) => {
      if (/(^|\/)\.\.?\/?$/.test(name)) throw new CommandFailed(`rm: refusing to remove '${name}'`);
      const place = locate(name, where);
      if (place.path === '/') throw new NotPlain('it removes /');
      if (place.stat === undefined) {
        if (flags.has('f') && (isCache(place.path) || !where.assumed.mayHave(place.path))) return;
        throw missing('rm: cannot remove', place, where);
      }
      const { stat, disk } = existing('rm: cannot remove', name, where);
      if (stat.isDirectory() && !recursive)
        throw new CommandFailed(`rm: cannot remove '${name}': Is a directory`);
      rmSync(disk, { recursive, force: true });
    });
  },
  chmod({ flags, operands: [mode = '', ...paths] }, where) {
    const change = chmodChange(mode);
    eachOperand('chmod', paths, (name) => {
      const { stat, path, disk } = existing('chmod: cannot access', name, where);
      if (stat.isSymbolicLink() && (flags.has('R') || !existsSync(disk)))
        throw new NotPlain(`chmod is to change ${name}, a symlink`);
      if (where.assumed.holds(path)) throw new NotPlain(`it changes ${path} of the base`);
      changeMode(realIn(where.root, disk), change, flags.has('R'), where);
    });
  },
  touch({ flags, operands }, where) {
    eachOperand('touch', operands, (name) => {
      const place = locate(name, where);
      if (place.stat?.isSymbolicLink() && followed(place) === undefined)
        throw new NotPlain(`touch is to write through ${name}, a symlink that leads nowhere`);
      if (place.stat !== undefined)
        utimesSync(existing('touch: cannot touch', name, where).disk, new Date(), new Date());
      else if (!flags.has('c')) {
        if (place.isDirectoryAsked) throw missing('touch: cannot touch', place, where);
        if (!existsSync(dirname(place.disk)))
          throw missing('touch: cannot touch', { ...place, path: dirname(place.path) }, where);
        writeFileSync(place.disk, '', { flag: 'wx' });
        chmodSync(place.disk, 0o644);
      }
    });
  },
};

/**
 * Carries out one of the POSIX utilities that change files, as far as Dockerfiles of Go programs use them. Throws
 * NotPlain for what only another engine does right, CommandFailed for what fails everywhere.
 */
export function changeFiles(command: string, args: readonly string[], where: Where): void {
  const parsed = parseOptions(command, args);
  const isEnough = parsed.operands.length > 0 || (command === 'rm' && parsed.flags.has('f'));
  if (!isEnough) throw new CommandFailed(`${command}: missing operand`);
  (COMMANDS[command] as Command)(parsed, where);
}

/** `cd`: the new working directory, by names, as shells keep it. */
export function changeDirectory(path: string, where: Where): string {
  const target = within(where.cwd, path);
  const place = locate(target, where);
  if (place.stat === undefined) throw missing("cd: can't cd to", { ...place, name: path }, where);
  if (!followed(place)?.isDirectory()) throw new CommandFailed(`cd: can't cd to '${path}': Not a directory`);
  return target;
}

function changeMode(
  disk: string,
  change: ModeChange,
  isRecursive: boolean,
  { attributes }: Pick<Where, 'attributes'>,
): void {
  const stat = lstatSync(disk);
  // Of symlinks further down chmod takes no notice.
  if (stat.isSymbolicLink()) return;
  const before = attributes.get(disk);
  attributes.set(disk, { ...before, mode: change(before.mode, stat.isDirectory()) });
  if (!isRecursive || !stat.isDirectory()) return;
  for (const name of readdirSync(disk)) changeMode(join(disk, name), change, true, { attributes });
}

function makeDirectories(path: string): void {
  if (existsSync(path)) return;
  makeDirectories(dirname(path));
  makeDirectory(path);
}

// The umask of a RUN is 022, whatever the builder's is.
function makeDirectory(path: string): void {
  mkdirSync(path);
  chmodSync(path, 0o755);
}
