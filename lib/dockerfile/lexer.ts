import { badSubstitution, type Lookup, type Substitution, substitute, WordProblem } from './substitute.ts';
import type { Escape } from './types.ts';

/** How a word is read; all left out is how the builder reads the arguments of instructions. */
export interface Reading {
  escapeChar: Escape;
  /** Quotes stay in the result. */
  keepQuotes?: boolean;
  /** Escape characters stay in the result. */
  keepEscapes?: boolean;
  /** Quotes are characters like others. */
  plainQuotes?: boolean;
  /** Variables that are not set stay as they are written; else they are empty. */
  keepUnset?: boolean;
}

/** Deeper than people write, and not so deep that the stack ends. */
const DEEPEST = 200;

/** What is special nowhere, neither as an escape nor as the end of an expansion. */
const ORDINARY = /[^$'"\\`}/]+/y;

const NAME = /[\p{L}_][\p{L}\p{Nd}_]*|\p{Nd}+|[@*#?\-$!]/uy;

/** Reads text as BuildKit's `shell.Lex` does: quotes, escapes and variables. Its methods throw WordProblem. */
export class Lexer {
  #at = 0;
  #depth = 0;
  #keepEscapes: boolean;
  readonly #text: string;
  readonly #lookup: Lookup;
  readonly #reading: Reading;

  constructor(text: string, lookup: Lookup, reading: Reading) {
    this.#text = text;
    this.#lookup = lookup;
    this.#reading = reading;
    this.#keepEscapes = reading.keepEscapes ?? false;
  }

  /** The whole text as one value. */
  word(): string {
    return this.#until('', this.#keepEscapes, () => {});
  }

  /** The whole text, split at blanks that are neither quoted nor escaped, also at those that variables bring. */
  words(): string[] {
    const found: string[] = [];
    let current: string | undefined;
    const end = () => {
      if (current !== undefined && current !== '') found.push(current);
      current = undefined;
    };
    this.#until('', this.#keepEscapes, (piece, isRaw) => {
      if (isRaw) current = (current ?? '') + piece;
      else {
        piece.split(/\s/).forEach((part, index) => {
          if (index > 0) end();
          if (part !== '') current = (current ?? '') + part;
        });
      }
    });
    end();
    return found;
  }

  /** Reads up to `stop` (which is consumed), or to the end when `stop` is empty. */
  #until(stop: string, keepEscapes: boolean, onPiece: (piece: string, isRaw: boolean) => void): string {
    const before = this.#keepEscapes;
    this.#keepEscapes = keepEscapes;
    if (++this.#depth > DEEPEST) throw new WordProblem('its variables are nested too deeply');
    const pieces: string[] = [];
    const add = (piece: string, isRaw: boolean) => {
      pieces.push(piece);
      onPiece(piece, isRaw);
    };
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined && stop !== '') throw new WordProblem(`it lacks a closing ${stop}`);
      if (char === undefined || char === stop) break;
      this.#piece(char, add);
    }
    if (stop !== '') this.#at++;
    this.#depth--;
    this.#keepEscapes = before;
    return pieces.join('');
  }

  #piece(char: string, add: (piece: string, isRaw: boolean) => void): void {
    const { escapeChar, plainQuotes } = this.#reading;
    if (char === '$') add(this.#variable(), false);
    else if (char === "'" && !plainQuotes) add(this.#single(), true);
    else if (char === '"' && !plainQuotes) add(this.#double(), true);
    else if (char === escapeChar) {
      const next = this.#text[this.#at + 1] ?? '';
      add(this.#keepEscapes ? char + next : next, true);
      this.#at += 2;
    } else {
      ORDINARY.lastIndex = this.#at;
      const run = ORDINARY.exec(this.#text)?.[0] ?? char;
      add(run, false);
      this.#at += run.length;
    }
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw new WordProblem('it lacks a closing single quote');
    const { keepQuotes } = this.#reading;
    const value = keepQuotes ? this.#text.slice(this.#at, end + 1) : this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return value;
  }

  #double(): string {
    const { escapeChar, keepQuotes } = this.#reading;
    const quote = keepQuotes ? '"' : '';
    const pieces = [quote];
    this.#at++;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new WordProblem('it lacks a closing double quote');
      if (char === '$') {
        pieces.push(this.#variable());
        continue;
      }
      this.#at++;
      if (char === '"') return pieces.join('') + quote;
      if (char !== escapeChar) pieces.push(char);
      else pieces.push(this.#escapedInQuotes());
    }
  }

  // Only what would be special is escaped; another character keeps its escape (and doubles it where escapes are kept).
  #escapedInQuotes(): string {
    const { escapeChar } = this.#reading;
    const kept = this.#keepEscapes ? escapeChar : '';
    const next = this.#text[this.#at];
    if (next === undefined) return kept;
    if (next !== '"' && next !== '$' && next !== escapeChar) return kept + escapeChar;
    this.#at++;
    return kept + next;
  }

  #variable(): string {
    this.#at++;
    if (this.#text[this.#at] === '{') {
      this.#at++;
      return this.#braced();
    }
    const name = this.#name();
    if (name === '') return '$';
    return this.#lookup(name) ?? (this.#reading.keepUnset ? `$${name}` : '');
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const name = NAME.exec(this.#text)?.[0] ?? '';
    this.#at += name.length;
    return name;
  }

  #braced(): string {
    const name = this.#name();
    if (name === '') throw badSubstitution();
    const char = this.#text[this.#at++];
    if (char === '}') return this.#lookup(name) ?? (this.#reading.keepUnset ? `\${${name}}` : '');
    const substitution = char === '/' ? this.#replacement() : this.#operation(char);
    const value = this.#lookup(name);
    if (value === undefined && this.#reading.keepUnset) return `\${${name}${substitution.written}}`;
    return substitute(name, value, substitution);
  }

  #operation(first: string | undefined): Substitution & { written: string } {
    const colon = first === ':';
    const kind = colon ? this.#text[this.#at++] : first;
    if (kind === undefined) throw new WordProblem('it lacks a closing }');
    const operator = (colon ? ':' : '') + kind;
    if (kind === '#' || kind === '%') {
      const pattern = this.#until('}', true, () => {});
      const written = operator + pattern;
      const longest = pattern.startsWith(kind);
      return { kind, longest, pattern: longest ? pattern.slice(1) : pattern, written };
    }
    if (kind !== '-' && kind !== '+' && kind !== '?') throw badSubstitution(operator);
    const word = this.#until('}', false, () => {});
    return { kind, emptyIsUnset: colon, word, written: operator + word };
  }

  #replacement(): Substitution & { written: string } {
    const all = this.#text[this.#at] === '/';
    if (all) this.#at++;
    const pattern = this.#until('/', true, () => {});
    const replacement = this.#until('}', true, () => {});
    const written = `/${all ? '/' : ''}${pattern}/${replacement}`;
    return { kind: '/', all, pattern, replacement, written };
  }
}
