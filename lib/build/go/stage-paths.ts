import { join } from 'node:path';
import { within } from '../stage/config.ts';
import { type GoDirectories, STAGE_GOMODCACHE, STAGE_GOROOT } from './environment.ts';
import { NotPlain } from './shell.ts';
import type { ProbedToolchain } from './toolchain.ts';

const TAKES_TEXT = /^--?(ldflags|gcflags|asmflags|gccgoflags|tags|mod|p|buildmode|f|replace)$/;

/**
 * Absolute paths, and those that climb, become paths on this machine; `-o=/app` too. Throws NotPlain for a flag's value
 * that is none and looks like one: what go takes for the value of a flag is not always what we do.
 */
export function mapArguments(args: string[], root: string, cwd: string): string[] {
  const isPath = (text: string) => text.startsWith('/') || text.split('/').includes('..');
  const map = (text: string) => {
    const path = within(cwd, text);
    if (/^\/(dev|proc|sys)(\/|$)/.test(path)) throw new NotPlain(`go has the argument ${text}`);
    return isPath(text) ? join(root, path) + (text.endsWith('/') ? '/' : '') : text;
  };
  return args.map((arg, index) => {
    const flag = /^(--?(?:o|C|modfile))=(.*)$/s.exec(arg);
    // go knows it by name, and writes nothing.
    if (/^(--?o=)?\/dev\/null$/.test(arg) && (flag !== null || /^--?o$/.test(args[index - 1] ?? '')))
      return arg;
    if (flag !== null) return `${flag[1]}=${map(flag[2] ?? '')}`;
    if (arg.startsWith('-')) return arg;
    const before = args[index - 1] ?? '';
    if (!TAKES_TEXT.test(before)) return map(arg);
    if (isPath(arg)) throw new NotPlain(`${before} has ${arg}, which looks like a path`);
    return arg;
  });
}

/** A line for people, in which this machine's directories are called as in the stage. */
export function unmap(
  line: string,
  { root, moduleCache, temporary }: GoDirectories,
  { goroot }: ProbedToolchain,
): string {
  return line
    .replaceAll(`${root}/`, '/')
    .replaceAll(root, '/')
    .replaceAll(moduleCache, STAGE_GOMODCACHE)
    .replaceAll(temporary, '/tmp')
    .replaceAll(goroot, STAGE_GOROOT);
}
