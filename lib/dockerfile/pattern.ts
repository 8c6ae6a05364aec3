import { WordProblem } from './word-problem.ts';

/** A piece of a shell pattern: a character itself, `?` (any one), or `*` (any, also none). */
type Piece = { is: string } | 'one' | 'many';

// As BuildKit: no [brackets], and neither ? nor * reach over a line break.
function piecesOf(pattern: string): Piece[] {
  const chars = [...pattern];
  const pieces: Piece[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] as string;
    if (char === '*') pieces.push('many');
    else if (char === '?') pieces.push('one');
    else if (char === '\\') {
      const next = chars[++i];
      if (next === undefined || !'*?\\}/'.includes(next)) {
        const cause = `the pattern ${pattern} has \\${next ?? ''}; only * ? \\ } and / can be escaped in it`;
        throw new WordProblem(cause);
      }
      pieces.push({ is: next });
    } else pieces.push({ is: char });
  }
  return pieces;
}

/**
 * How many characters from `start` on match, the least or the most; nothing when none do. Goes through the text once
 * with the set of places in the pattern that are reached, so that no pattern takes long.
 */
function matchLength(
  text: readonly string[],
  start: number,
  pieces: Piece[],
  longest: boolean,
): number | undefined {
  let reached = closure(new Set([0]), pieces);
  let found = reached.has(pieces.length) ? 0 : undefined;
  for (let i = start; i < text.length && reached.size > 0; i++) {
    if (found !== undefined && !longest) return found;
    reached = closure(step(reached, text[i] as string, pieces), pieces);
    if (reached.has(pieces.length)) found = i + 1 - start;
  }
  return found;
}

function step(reached: ReadonlySet<number>, char: string, pieces: Piece[]): Set<number> {
  const next = new Set<number>();
  for (const place of reached) {
    const piece = pieces[place];
    if (piece === undefined) continue;
    if (typeof piece === 'object') {
      if (piece.is === char) next.add(place + 1);
    } else if (char !== '\n') next.add(piece === 'one' ? place + 1 : place);
  }
  return next;
}

function closure(reached: Set<number>, pieces: Piece[]): Set<number> {
  for (const place of reached) if (pieces[place] === 'many') reached.add(place + 1);
  return reached;
}

/** `${value#pattern}` and `##`. Throws WordProblem for a wrong pattern. */
export function cutPrefix(value: string, pattern: string, longest: boolean): string {
  const chars = [...value];
  return chars.slice(matchLength(chars, 0, piecesOf(pattern), longest) ?? 0).join('');
}

/** `${value%pattern}` and `%%`. */
export function cutSuffix(value: string, pattern: string, longest: boolean): string {
  const chars = [...value].reverse();
  const length = matchLength(chars, 0, piecesOf(pattern).reverse(), longest) ?? 0;
  return chars.slice(length).reverse().join('');
}

/** `${value/pattern/replacement}` and `//`: the longest match at each place. */
export function replaceMatches(
  value: string,
  { pattern, replacement, all }: { pattern: string; replacement: string; all: boolean },
): string {
  const chars = [...value];
  const pieces = piecesOf(pattern);
  const made: string[] = [];
  let at = 0;
  let end = -1;
  while (at <= chars.length) {
    const length = matchLength(chars, at, pieces, true);
    const abuts = length === 0 && at === end;
    if (length !== undefined && !abuts) {
      made.push(replacement);
      end = at + length;
      if (!all) return made.join('') + chars.slice(end).join('');
    }
    if (length === undefined || length === 0) made.push(chars[at++] ?? '');
    else at = end;
    if (at > chars.length) break;
  }
  return made.join('');
}
