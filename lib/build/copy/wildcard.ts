import { join, type Tree } from '../tree.ts';

/** Whether a COPY source has wildcards (Go's `filepath.Match`). */
export function isWildcard(path: string): boolean {
  return /[*?[]/.test(path.replace(/\\./gs, ''));
}

/** Whether a COPY source can be read as a pattern; Go's `filepath.Match` calls the others malformed. */
export function isPattern(path: string): boolean {
  return tokensOf(path) !== undefined;
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
    const wanted = tokensOf(name);
    found = found.flatMap((path) => {
      if (wanted === undefined || tree.get(path)?.type !== 'directory') return [];
      return tree
        .names(path)
        .filter((child) => fits(child, wanted))
        .map((child) => join(path, child));
    });
  }
  return found;
}

/** One character that a name has to have; a star is any number of any. */
type Token = 'star' | ((char: string) => boolean);

/** A name's pattern, in characters; undefined when Go calls it malformed. */
function tokensOf(pattern: string): Token[] | undefined {
  const chars = [...pattern];
  const tokens: Token[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] as string;
    if (char === '*') tokens.push('star');
    else if (char === '?') tokens.push(() => true);
    else if (char === '[') {
      const set = readSet(chars, i + 1);
      if (set === undefined) return undefined;
      tokens.push(set.has);
      i = set.end;
    } else {
      const plain = char === '\\' ? chars[++i] : char;
      if (plain === undefined) return undefined;
      tokens.push((one) => one === plain);
    }
  }
  return tokens;
}

/** Reads `^a-z\]]` after the bracket; `end` is where its closing bracket stands. */
function readSet(chars: readonly string[], start: number) {
  let at = start;
  const isNegated = chars[at] === '^';
  if (isNegated) at++;
  const ranges: [low: number, high: number][] = [];
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
    ranges.push([codeOf(low), codeOf(high)]);
  }
  const isIn = (code: number) => ranges.some(([low, high]) => low <= code && code <= high);
  return { has: (char: string) => isIn(codeOf(char)) !== isNegated, end: at };
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

// Back to the last star alone: what an earlier one takes more of, that one can. So no pattern takes long.
function fits(name: string, tokens: readonly Token[]): boolean {
  const chars = [...name];
  let token = 0;
  let star = -1;
  let mark = 0;
  for (let at = 0; at < chars.length; ) {
    const wanted = tokens[token];
    if (wanted === 'star') {
      star = token++;
      mark = at;
    } else if (wanted?.(chars[at] as string)) {
      token++;
      at++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++mark;
    } else return false;
  }
  while (tokens[token] === 'star') token++;
  return token === tokens.length;
}
