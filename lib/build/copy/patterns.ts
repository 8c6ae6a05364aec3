import { parseIgnore } from '../../dockerfile/ignore.ts';
import { FairleadError } from '../../errors.ts';
import { CopyProblem } from './copy-problem.ts';

/** Patterns as `.dockerignore` has them, for `COPY --exclude` and `--parents`. */
export interface Patterns {
  /** Whether a path, or a directory above it, matches; relative to where the patterns begin, `/` between names. */
  match(path: string): boolean;
  /** Whether something in a directory that matches may not match, because of a `!`. */
  hasExceptions: boolean;
}

/** Reads patterns by the rules, and in the bounded time, of .dockerignore. Throws CopyProblem for what is none. Pure. */
export function compilePatterns(texts: readonly string[]): Patterns {
  try {
    // One that begins with `#` is a comment in a .dockerignore, and a pattern here.
    const lines = texts.map((text) => (text.startsWith('#') ? `./${text}` : text));
    const { ignores, hasExceptions } = parseIgnore(lines.join('\n'));
    return { match: ignores, hasExceptions };
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error;
    throw new CopyProblem(
      'bad-flag',
      `one of the patterns ${texts.join(', ')} is none: ${error.fault.cause}`,
    );
  }
}

/** Go's `filepath.Clean` for a path that begins at a root. */
export function clean(path: string): string {
  const names: string[] = [];
  for (const name of path.trim().split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names.join('/');
}
