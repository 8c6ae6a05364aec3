import { existsSync, readlinkSync } from 'node:fs';

/** Names this process for others on this machine that look at what it made: its PID namespace, and its number there. */
export function owner(): string {
  return `${namespace()} ${process.pid}`;
}

/** Whether the process of that name has ended; of another PID namespace nothing is known. */
export function isGone(name: string): boolean {
  const [space, pid] = name.split(' ');
  return space === namespace() && /^\d+$/.test(pid ?? '') && !existsSync(`/proc/${pid}`);
}

/** The number of `pid:[4026531836]`. */
function namespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}
