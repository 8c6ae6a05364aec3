import { type Directives, readDirective } from './directives.ts';
import { fault, type Position } from './faults.ts';
import { heredocWords, withoutTabs } from './heredoc.ts';
import { WordProblem } from './substitute.ts';
import type { Escape, Heredoc, Place } from './types.ts';
import { flags, isJsonArray, splitInstruction } from './words.ts';

/** One instruction as it stands in the file: its keyword as written, and what follows it, continuation lines joined. */
export interface SourceInstruction extends Place {
  word: string;
  keyword: string;
  rest: string;
  heredocs: Heredoc[];
  /** What follows its text: blanks, and the here-documents as they are written, with their last lines. */
  tail: string;
  /** The empty lines between its first and its last. */
  emptyLines: number[];
}

export interface SourceFile {
  name: string;
  escapeChar: Escape;
  directives: Directives;
  lines: string[];
  instructions: SourceInstruction[];
}

/**
 * Finds the instructions of a Dockerfile, line by line, as BuildKit's `parser.Parse`: comments and empty lines
 * between the lines of an instruction are dropped, and lines of here-documents belong to the RUN, COPY or ADD that
 * announces them, also behind ONBUILD. Throws FairleadError `dockerfile/bad-directive`, `dockerfile/open-heredoc`.
 */
export function readSource(text: string, name: string): SourceFile {
  const reader = new LineReader(text.startsWith('\uFEFF') ? text.slice(1) : text, name);
  const instructions = reader.instructions();
  const { directives, lines } = reader;
  return { name, escapeChar: directives.escape ?? '\\', directives, lines, instructions };
}

class LineReader {
  readonly directives: Directives = {};
  /** Without their line ends. */
  readonly lines: string[];
  /** With them. */
  readonly #raw: string[];
  readonly #name: string;
  #at = 0;
  #inHead = true;

  constructor(text: string, name: string) {
    this.#raw = text.split(/(?<=\n)/);
    this.lines = text.split(/\r?\n/);
    this.#name = name;
  }

  instructions(): SourceInstruction[] {
    const found: SourceInstruction[] = [];
    while (this.#at < this.#raw.length) {
      const text = this.#next().trimStart();
      if (this.#inHead) this.#inHead = readDirective(text, this.directives, this.#position(this.#at));
      if (text.startsWith('#')) continue;
      const [first, goesOn] = this.#uncontinued(text);
      if (first !== '' || goesOn) found.push(...this.#instruction(first, goesOn));
    }
    return found;
  }

  #next(): string {
    return withoutEnd(this.#raw[this.#at++] ?? '');
  }

  #position(line: number): Position {
    return { file: this.#name, line };
  }

  /** The line without the escape character that it ends with, and whether there was one that is not escaped itself. */
  #uncontinued(text: string): [text: string, goesOn: boolean] {
    const escapeChar = this.directives.escape ?? '\\';
    const trimmed = withoutBlanks(text);
    if (!trimmed.endsWith(escapeChar) || trimmed.at(-2) === escapeChar) return [text, false];
    return [trimmed.slice(0, -1), true];
  }

  #instruction(first: string, goesOnAtFirst: boolean): SourceInstruction[] {
    const line = this.#at;
    const pieces = [first];
    const emptyLines: number[] = [];
    let goesOn = goesOnAtFirst;
    while (goesOn && this.#at < this.#raw.length) {
      const text = this.#next();
      const trimmed = text.trimStart();
      if (trimmed.startsWith('#')) continue;
      if (trimmed === '') {
        emptyLines.push(this.#at);
        continue;
      }
      const [piece, more] = this.#uncontinued(text);
      pieces.push(piece);
      goesOn = more;
    }
    const joined = pieces.join('');
    const text = joined.trim();
    if (text === '') return [];
    const [word, rest] = splitInstruction(text);
    const keyword = word.toUpperCase();
    const heredocs = canHaveHeredocs(keyword, rest) ? this.#heredocs(text, line) : { read: [], inlined: '' };
    const tail = joined.slice(joined.trimEnd().length) + heredocs.inlined;
    const place = { line, endLine: this.#at, text };
    return [{ ...place, word, keyword, rest, heredocs: heredocs.read, tail, emptyLines }];
  }

  #heredocs(text: string, line: number): { read: Heredoc[]; inlined: string } {
    const read: Heredoc[] = [];
    let inlined = '';
    for (const { name, tabs, expands } of this.#announced(text, line)) {
      const written = this.#heredoc(name, tabs, line);
      inlined += `\n${written}${name}`;
      read.push({ name, content: tabs === 'strip' ? withoutTabs(written) : written, expands });
    }
    return { read, inlined };
  }

  #announced(text: string, line: number): ReturnType<typeof heredocWords> {
    try {
      return heredocWords(text);
    } catch (error) {
      if (!(error instanceof WordProblem)) throw error;
      throw fault(this.#position(line), 'bad-heredoc', `the name of a here-document: ${error.message}`);
    }
  }

  #heredoc(name: string, tabs: 'keep' | 'strip', line: number): string {
    const written: string[] = [];
    while (this.#at < this.#raw.length) {
      const raw = this.#raw[this.#at++] as string;
      const ended = withoutEnd(raw);
      if ((tabs === 'strip' ? ended.replace(/^\t+/, '') : ended) === name) return written.join('');
      written.push(raw);
    }
    const cause = `the here-document <<${name} that begins here has no end`;
    throw fault(
      this.#position(line),
      'open-heredoc',
      cause,
      `end it with a line that is ${name}, nothing else`,
    );
  }
}

const HEREDOC_KEYWORDS = ['RUN', 'COPY', 'ADD'];

function canHaveHeredocs(keyword: string, rest: string): boolean {
  if (keyword === 'ONBUILD') {
    const [word, ofTrigger] = splitInstruction(rest);
    return canHaveHeredocs(word.toUpperCase() === 'ONBUILD' ? '' : word.toUpperCase(), ofTrigger);
  }
  return HEREDOC_KEYWORDS.includes(keyword) && !isJsonArray(flags(rest).rest);
}

function withoutEnd(raw: string): string {
  let end = raw.length;
  while (raw[end - 1] === '\n' || raw[end - 1] === '\r') end--;
  return raw.slice(0, end);
}

function withoutBlanks(text: string): string {
  let end = text.length;
  while (text[end - 1] === ' ' || text[end - 1] === '\t') end--;
  return text.slice(0, end);
}
