import { fault, type Position } from './faults.ts';
import type { Escape } from './types.ts';

/** Answers the value of a variable, nothing when it is not set. */
export type Lookup = (name: string) => string | undefined;

/**
 * Removes the quotes of a word and replaces its variables, as BuildKit's `shell.Lex.ProcessWord`: `$x`, `${x}`,
 * `${x:-word}`, `${x:+word}`, `${x:?word}`, the same without the colon, `\$` and single quotes to keep them. What is
 * not set is empty. Throws `dockerfile/bad-expansion`, `dockerfile/not-supported`.
 */
export function expand(word: string, lookup: Lookup, escapeChar: Escape, position: Position): string {
  const reader = new Reader(word, lookup, escapeChar, position);
  return reader.until('');
}

class Reader {
  #at = 0;
  readonly #word: string;
  readonly #lookup: Lookup;
  readonly #escapeChar: Escape;
  readonly #position: Position;

  constructor(word: string, lookup: Lookup, escapeChar: Escape, position: Position) {
    this.#word = word;
    this.#lookup = lookup;
    this.#escapeChar = escapeChar;
    this.#position = position;
  }

  /** Reads up to `stop` (which is consumed), or to the end when `stop` is empty. */
  until(stop: string): string {
    let value = '';
    for (;;) {
      const char = this.#word[this.#at++];
      if (char === undefined) {
        if (stop === '') return value;
        throw this.#bad(`${JSON.stringify(this.#word)} lacks a closing ${stop}`);
      }
      if (char === stop) return value;
      if (char === "'") value += this.#single();
      else if (char === '"') value += this.#double();
      else if (char === '$') value += this.#variable();
      else if (char === this.#escapeChar) value += this.#word[this.#at++] ?? char;
      else value += char;
    }
  }

  #single(): string {
    const end = this.#word.indexOf("'", this.#at);
    if (end < 0) throw this.#bad(`${JSON.stringify(this.#word)} lacks a closing single quote`);
    const value = this.#word.slice(this.#at, end);
    this.#at = end + 1;
    return value;
  }

  #double(): string {
    let value = '';
    for (;;) {
      const char = this.#word[this.#at++];
      if (char === undefined) throw this.#bad(`${JSON.stringify(this.#word)} lacks a closing double quote`);
      if (char === '"') return value;
      const next = this.#word[this.#at];
      if (char === '$') value += this.#variable();
      else if (char === this.#escapeChar && (next === '"' || next === '$' || next === this.#escapeChar)) {
        value += next;
        this.#at++;
      } else value += char;
    }
  }

  #variable(): string {
    if (this.#word[this.#at] === '{') return this.#braced();
    const name = /^(\d|[A-Za-z_]\w*)/.exec(this.#word.slice(this.#at))?.[0];
    if (name === undefined) return '$';
    this.#at += name.length;
    return this.#lookup(name) ?? '';
  }

  #braced(): string {
    const parts = /^\{(\w+)(:?[-+?]|[^}\w]|\})/.exec(this.#word.slice(this.#at));
    if (parts === null) throw this.#bad(`${JSON.stringify(this.#word)} has a \${ that names no variable`);
    const [all, name = '', operator = ''] = parts;
    this.#at += all.length;
    const value = this.#lookup(name);
    if (operator === '}') return value ?? '';
    const kind = operator.at(-1) as string;
    if (!'-+?'.includes(kind)) throw this.#unknown(name, operator);
    const word = this.until('}');
    const isSet = value !== undefined && (!operator.startsWith(':') || value !== '');
    if (kind === '+') return isSet ? word : '';
    if (isSet) return value;
    if (kind === '-') return word;
    throw fault(this.#position, 'unset-variable', `${name} is not set: ${word || 'it is required here'}`);
  }

  #unknown(name: string, operator: string): Error {
    const what = `the expansion \${${name}${operator}…}`;
    const remedy = `use \${${name}}, \${${name}:-default} or \${${name}:+other}`;
    return fault(this.#position, 'not-supported', `${what} is not supported yet`, remedy);
  }

  #bad(cause: string): Error {
    return fault(this.#position, 'bad-expansion', cause, 'close it, or escape the character');
  }
}
