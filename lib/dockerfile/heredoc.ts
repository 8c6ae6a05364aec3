import { Lexer, type Reading } from './lexer.ts';
import { WordProblem } from './substitute.ts';

/** A word `<<EOF`: it announces lines that end with a line that is `name`. */
export interface HeredocWord {
  name: string;
  /** `<<-`: the tabs that its lines begin with do not count. */
  tabs: 'keep' | 'strip';
  /** Not when any of its name is quoted. */
  expands: boolean;
}

// Always the backslash, also where `# escape=` chose another (BuildKit, parser.heredocsFromLine).
const READING: Reading = { escapeChar: '\\', keepUnset: true };
const nothing = () => undefined;

/**
 * The here-documents that a line announces, in their order (BuildKit, `parser.heredocsFromLine`). In a line that is
 * no shell word, because a quote is left open, nothing is announced. Throws WordProblem for a name with one quote.
 */
export function heredocWords(line: string): HeredocWord[] {
  if (!line.includes('<<')) return [];
  return wordsOf(line).flatMap((word) => heredocWord(word) ?? []);
}

function wordsOf(line: string): string[] {
  try {
    return new Lexer(line, nothing, { ...READING, keepQuotes: true, keepEscapes: true }).words();
  } catch (error) {
    if (error instanceof WordProblem) return [];
    throw error;
  }
}

/** Reads one word; nothing when it announces no here-document. Throws WordProblem. */
export function heredocWord(word: string): HeredocWord | undefined {
  const [, dash, rest] = /^\d*<<(-?)([^<]+)$/.exec(word) ?? [];
  if (rest === undefined) return undefined;
  const [name, ...more] = new Lexer(rest, nothing, READING).words();
  if (name === undefined || more.length > 0) return undefined;
  const [written = ''] = new Lexer(rest, nothing, { ...READING, keepQuotes: true }).words();
  return { name, tabs: dash === '-' ? 'strip' : 'keep', expands: quotesIn(name) === quotesIn(written) };
}

function quotesIn(text: string): number {
  return text.replace(/[^'"]/g, '').length;
}

/** The text without the tabs that its lines begin with. */
export function withoutTabs(text: string): string {
  return text.replace(/^\t+/gm, '');
}
