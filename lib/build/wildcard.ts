import { join, type Tree } from './tree.ts';

/** Whether a COPY source has wildcards (Go's `filepath.Match`). */
export function isWildcard(path: string): boolean {
  return /[*?[]/.test(path.replace(/\\./gs, ''));
}

/**
 * The paths of `tree` that match `pattern`, in the order of a walk, as fsutil's `ResolveWildcards` finds them: names up
 * to the first with a wildcard are taken as they are, with symlinks followed; from there on names are matched one by
 * one, and symlinks are not followed. What is no pattern (`[z-`) matches nothing.
 */
export function matches(tree: Tree, pattern: string): string[] {
  const names = pattern.split('/').filter((name) => name !== '' && name !== '.');
  const first = names.findIndex(isWildcard);
  if (first < 0) return tree.get(tree.resolve(pattern, true) ?? '-') === undefined ? [] : [pattern];
  const base = tree.resolve(names.slice(0, first).join('/'), true);
  if (base === undefined) return [];
  let found = [base];
  for (const name of names.slice(first)) {
    const wanted = matcher(name);
    found = found.flatMap((path) => {
      if (wanted === undefined || tree.get(path)?.type !== 'directory') return [];
      return tree
        .names(path)
        .filter((child) => wanted.test(child))
        .map((child) => join(path, child));
    });
  }
  return found;
}

/** A name's pattern as an expression; undefined when Go calls it malformed. */
function matcher(pattern: string): RegExp | undefined {
  const chars = [...pattern];
  let source = '';
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] as string;
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const set = readSet(chars, i + 1);
      if (set === undefined) return undefined;
      source += set.source;
      i = set.end;
    } else {
      const plain = char === '\\' ? chars[++i] : char;
      if (plain === undefined) return undefined;
      source += codeOf(plain);
    }
  }
  return new RegExp(`^${source}$`, 'su');
}

/** Reads `^a-z\]]` after the bracket; `end` is where its closing bracket stands. */
function readSet(chars: readonly string[], start: number): { source: string; end: number } | undefined {
  let at = start;
  const isNegated = chars[at] === '^';
  if (isNegated) at++;
  const ranges: string[] = [];
  const one = () => {
    const char = chars[at++];
    if (char === undefined || char === '-' || char === ']') return undefined;
    return char === '\\' ? chars[at++] : char;
  };
  while (ranges.length === 0 || chars[at] !== ']') {
    const low = one();
    if (low === undefined) return undefined;
    let high: string | undefined = low;
    if (chars[at] === '-') {
      at++;
      high = one();
    }
    if (high === undefined) return undefined;
    const isEmpty = (low.codePointAt(0) ?? 0) > (high.codePointAt(0) ?? 0);
    ranges.push(isEmpty ? '' : `${codeOf(low)}-${codeOf(high)}`);
  }
  return { source: `[${isNegated ? '^' : ''}${ranges.join('')}]`, end: at };
}

function codeOf(char: string): string {
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}
