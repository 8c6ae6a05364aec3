import { type ModeChange, parseMode } from '../copy/mode.ts';
import { NotPlain } from './shell.ts';

/** What a command's umask takes away; that of a RUN is 022, whatever the builder's is. */
const UMASK = 0o022;

/**
 * What chmod(1) and `mkdir -m` make of a mode, umask included, which counts where a clause says for nobody (POSIX,
 * chmod). Throws NotPlain where GNU's and busybox's differ.
 */
export function chmodChange(text: string): ModeChange {
  const changes = text.split(',').map((clause): ModeChange => {
    const change = parseMode(clause);
    if (change === undefined) throw new NotPlain(`the mode is ${JSON.stringify(text)}`);
    return /^[-+=]/.test(clause) ? forNobody(clause, change) : change;
  });
  if (text.includes(',') && /\d/.test(text)) throw new NotPlain(`the mode is ${JSON.stringify(text)}`);
  return (mode, isDirectory) => {
    if (isDirectory && (mode & 0o6000) !== 0) throw new NotPlain('it is to change a set-group-id directory');
    return changes.reduce((changed, change) => change(changed, isDirectory), mode);
  };
}

function forNobody(clause: string, change: ModeChange): ModeChange {
  const isTold = /^\+[rwxXst]+$/.test(clause) || /^-[rxXst]+$/.test(clause);
  if (!isTold) throw new NotPlain(`the mode is ${JSON.stringify(clause)}, which the umask has a say in`);
  if (clause.startsWith('-')) return change;
  return (mode, isDirectory) => mode | (change(mode, isDirectory) & ~UMASK);
}

/** The mode of what is made new, from the one that was asked for. */
export function masked(mode: number): number {
  return mode & ~UMASK;
}
