/** A piece of a pattern: text; `?`; `*`; `**` before more, which stands for whole directories; `**` at the end; a [set]. */
type Piece =
  | { is: string }
  | 'one'
  | 'many'
  | 'directories'
  | 'rest'
  | { without: boolean; ranges: [from: string, to: string][] };

/** Whether a path, as the list of its characters, matches. */
export type PathTest = (path: string, chars: readonly string[]) => boolean;

/** What is wrong with a pattern; who knows the line makes a fault of it. */
export class PatternProblem extends Error {}

/**
 * Compiles a pattern of .dockerignore (moby/patternmatcher, `Pattern.compile`): `*` and `?` stop at a slash, `**`
 * does not. Matching goes through the path once a piece, so that no pattern takes long. Throws PatternProblem.
 */
export function compilePattern(pattern: string): PathTest {
  const pieces = piecesOf(pattern);
  const [first, second, ...more] = pieces;
  if (first === undefined) return (path) => path === '';
  if (second === undefined && typeof first === 'object' && 'is' in first) return (path) => path === first.is;
  // Where it begins with ** and goes on with plain text, that may also be the end of a name: **.go, **foo.
  if (first === 'directories' && more.length === 0 && isText(second) && !pattern.startsWith('**/'))
    return (path) => path.endsWith(second.is);
  // What begins or ends otherwise is told apart at once: that is most of a context.
  const start = textOf(first);
  const end = textOf(pieces.at(-1));
  return (path, chars) => path.startsWith(start) && path.endsWith(end) && reaches(pieces, chars);
}

function textOf(piece: Piece | undefined): string {
  return isText(piece) ? piece.is : '';
}

function isText(piece: Piece | undefined): piece is { is: string } {
  return typeof piece === 'object' && 'is' in piece;
}

function piecesOf(pattern: string): Piece[] {
  const chars = [...pattern];
  const pieces: Piece[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] as string;
    if (char === '*' && chars[at + 1] === '*') {
      at += chars[at + 2] === '/' ? 2 : 1;
      pieces.push(at + 1 === chars.length ? 'rest' : 'directories');
    } else if (char === '*') pieces.push('many');
    else if (char === '?') pieces.push('one');
    else if (char === '[') {
      const { set, end } = setAt(chars, at, pattern);
      pieces.push(set);
      at = end;
    } else {
      if (char === '\\') at++;
      pieces.push({ is: escaped(chars, at, pattern) });
    }
  }
  return joined(pieces);
}

function escaped(chars: readonly string[], at: number, pattern: string): string {
  const char = chars[at];
  if (char !== undefined) return char;
  throw new PatternProblem(`${JSON.stringify(pattern)} ends with a backslash that escapes nothing`);
}

function setAt(chars: readonly string[], start: number, pattern: string): { set: Piece; end: number } {
  const without = chars[start + 1] === '^';
  const ranges: [string, string][] = [];
  let at = start + (without ? 2 : 1);
  const one = (): string => {
    const char = chars[at] === '\\' ? chars[++at] : chars[at];
    const isPlain = chars[at - 1] === '\\' || (char !== ']' && char !== '-');
    if (char === undefined || !isPlain) {
      throw new PatternProblem(`${JSON.stringify(pattern)} has a [ that is not closed, or not a set`);
    }
    at++;
    return char;
  };
  while (chars[at] !== ']' || ranges.length === 0) {
    const from = one();
    if (chars[at] !== '-') ranges.push([from, from]);
    else {
      at++;
      ranges.push([from, one()]);
    }
  }
  return { set: { without, ranges }, end: at };
}

function joined(pieces: Piece[]): Piece[] {
  const found: Piece[] = [];
  for (const piece of pieces) {
    const last = found.at(-1);
    if (isText(piece) && isText(last)) found[found.length - 1] = { is: last.is + piece.is };
    else found.push(piece);
  }
  return found;
}

function reaches(pieces: Piece[], chars: readonly string[]): boolean {
  let reached = new Uint8Array(chars.length + 1);
  reached[0] = 1;
  for (const piece of pieces) {
    reached = after(piece, reached, chars);
    if (!reached.includes(1)) return false;
  }
  return reached[chars.length] === 1;
}

/** The places in the path (as 1) that may come after `piece`, when it may begin at those that are `reached`. */
function after(piece: Piece, reached: Uint8Array, chars: readonly string[]): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(reached.length);
  let begun = 0;
  for (let at = reached.indexOf(1); at < reached.length; at++) {
    const here = reached[at] as number;
    const before = chars[at - 1];
    if (piece === 'rest') next[at] = 1;
    else if (piece === 'directories') next[at] = here | (before === '/' ? begun : 0);
    else if (piece === 'many') next[at] = here | (before === '/' ? 0 : (next[at - 1] ?? 0));
    else if (here === 1) {
      const length = lengthAt(piece, chars, at);
      if (length > 0) next[at + length] = 1;
    }
    begun |= here;
  }
  return next;
}

/** How many characters a piece takes at a place; 0 when it does not match there. */
function lengthAt(piece: Piece, chars: readonly string[], at: number): number {
  const char = chars[at];
  if (char === undefined) return 0;
  if (piece === 'one') return char === '/' ? 0 : 1;
  if (typeof piece !== 'object') return 0;
  if ('ranges' in piece) {
    const isIn = piece.ranges.some(([from, to]) => from <= char && char <= to);
    return isIn === piece.without ? 0 : 1;
  }
  let length = 0;
  for (const expected of piece.is) if (chars[at + length++] !== expected) return 0;
  return length;
}
