import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NotPlain } from './shell.ts';

/**
 * Throws NotPlain for a `go install` of what belongs to Go itself: those packages, the compiler among them, go into
 * GOROOT, which is this machine's, and so into everybody's builds (`go help install`).
 */
export function checkInstall(args: readonly string[], goroot: string): void {
  const words = args.filter((arg) => !arg.startsWith('-'));
  if (words[0] !== 'install') return;
  for (const name of words.slice(1))
    if (isOfGo(name, goroot)) throw new NotPlain(`it installs ${name} of Go`);
}

function isOfGo(name: string, goroot: string): boolean {
  const [first = ''] = name.split('/');
  if (first.includes('...')) return true;
  // A path, or a module's name, which begins with a host.
  if (first.includes('.') || name.startsWith('/')) return false;
  return ['std', 'cmd', 'all'].includes(first) || existsSync(join(goroot, 'src', first));
}
