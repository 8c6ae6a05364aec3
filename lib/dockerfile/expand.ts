import { fault, type Position } from './faults.ts';
import { Lexer, type Reading } from './lexer.ts';
import { type Lookup, WordProblem } from './substitute.ts';
import type { Escape } from './types.ts';

export type { Lookup } from './substitute.ts';

/**
 * Removes the quotes of a word and replaces its variables, as BuildKit's `shell.Lex.ProcessWord`: `$x`, `${x}`,
 * `${x:-word}`, `${x:+word}`, `${x:?word}`, the same without the colon, `${x#pattern}` and `##`, `%`, `%%`,
 * `${x/pattern/text}` and `//`, `\$` and single quotes to keep them. What is not set is empty. Throws
 * `dockerfile/bad-expansion`, `dockerfile/unset-variable`.
 */
export function expand(word: string, lookup: Lookup, escapeChar: Escape, position: Position): string {
  return read(word, position, () => new Lexer(word, lookup, { escapeChar }).word());
}

/** As `expand`, but blanks that are not quoted end a word, also those that a variable brings (EXPOSE). */
export function expandWords(word: string, lookup: Lookup, escapeChar: Escape, position: Position): string[] {
  return read(word, position, () => new Lexer(word, lookup, { escapeChar }).words());
}

/**
 * Replaces the variables of a here-document's text that expands: quotes are text in it, and the escape character is
 * the backslash, whatever the Dockerfile's is (BuildKit, `SourcesAndDest.ExpandRaw`).
 */
export function expandText(text: string, lookup: Lookup, position: Position): string {
  const reading: Reading = { escapeChar: '\\', plainQuotes: true };
  return read(text, position, () => new Lexer(text, lookup, reading).word());
}

const SHOWN = 80;

function read<T>(text: string, position: Position, reader: () => T): T {
  try {
    return reader();
  } catch (error) {
    if (!(error instanceof WordProblem)) throw error;
    if (error.isUnset) throw fault(position, 'unset-variable', error.message, 'give it a value');
    const shown = JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
    const remedy = 'close what is open, or escape the character';
    throw fault(position, 'bad-expansion', `in ${shown}: ${error.message}`, remedy);
  }
}
