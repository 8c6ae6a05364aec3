/** A piece of a shell word: text as it stands, or a variable to look up when the command runs. */
export type Piece =
  | { text: string; quoted: boolean }
  | { variable: string; operator?: '-' | ':-' | '+' | ':+'; word?: string; quoted: boolean };

export type Word = Piece[];

/** One simple command: `A=b go build -o /app`. */
export interface SimpleCommand {
  /** How it follows the one before: only if that succeeded, or anyhow. */
  after: '&&' | ';';
  assignments: { name: string; value: Word }[];
  words: Word[];
}

/** What a plain script cannot have; the message names it. */
export class NotPlain extends Error {}

const REFUSED: [RegExp, string][] = [
  [/^\|\|/, 'an alternative (||)'],
  [/^\|/, 'a pipe (|)'],
  [/^(\d*[<>]|&>)/, 'a redirection (< or >)'],
  [/^&/, 'a command in the background (&)'],
  [/^[()]/, 'a subshell'],
  [/^`|^\$\(/, 'a command substitution'],
  [/^~/, 'a home directory (~)'],
];

const RESERVED = [
  'if',
  'then',
  'else',
  'elif',
  'fi',
  'for',
  'while',
  'until',
  'do',
  'done',
  'case',
  'esac',
  '{',
  '}',
  '!',
];

/**
 * Reads the plain part of the shell's language: simple commands joined by `&&`, `;` or line ends, with quotes,
 * variables and assignments in front (POSIX, Shell Command Language 2.2, 2.6.2, 2.9.1). Throws NotPlain for the rest.
 */
export function parseScript(script: string): SimpleCommand[] {
  const reader = new ScriptReader(script);
  return reader.commands();
}

class ScriptReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  commands(): SimpleCommand[] {
    const found: SimpleCommand[] = [];
    let after: '&&' | ';' = ';';
    for (;;) {
      const command = this.#command(after);
      const end = this.#separator();
      if (command !== undefined) found.push(command);
      else if (end === '&&' || after === '&&') throw new NotPlain('an && without a command on both sides');
      if (end === '') return found;
      after = end;
    }
  }

  #command(after: '&&' | ';'): SimpleCommand | undefined {
    const assignments: SimpleCommand['assignments'] = [];
    const words: Word[] = [];
    for (;;) {
      this.#skipBlanks();
      const next = this.#text[this.#at];
      if (next === undefined || next === ';' || next === '\n' || this.#sees('&&')) break;
      const assigned = words.length === 0 ? /^([A-Za-z_]\w*)=/.exec(this.#rest()) : null;
      if (assigned === null) words.push(this.#word());
      else {
        this.#at += assigned[0].length;
        assignments.push({ name: assigned[1] as string, value: this.#word() });
      }
    }
    this.#refuseReserved(words[0]);
    return words.length + assignments.length === 0 ? undefined : { after, assignments, words };
  }

  #refuseReserved(word: Word | undefined): void {
    const first = word?.[0];
    if (first === undefined || !('text' in first) || first.quoted || word?.length !== 1) return;
    if (RESERVED.includes(first.text)) throw new NotPlain(`a compound command (${first.text})`);
  }

  #separator(): '&&' | ';' | '' {
    if (this.#at >= this.#text.length) return '';
    if (this.#sees('&&')) {
      this.#at += 2;
      while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
      return '&&';
    }
    this.#at++;
    return ';';
  }

  #word(): Word {
    const word: Word = [];
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || /[\s;]/.test(char) || this.#sees('&&')) return word;
      if (char === "'" || char === '"') {
        // One by one: a text in quotes may be of more pieces than a call can have arguments.
        for (const piece of char === "'" ? this.#single() : this.#double()) word.push(piece);
      } else if (char === '\\') word.push(this.#escaped());
      else {
        this.#refuse();
        word.push(char === '$' ? this.#variable(false) : this.#plain());
      }
    }
  }

  #refuse(): void {
    for (const [pattern, what] of REFUSED) if (pattern.test(this.#rest())) throw new NotPlain(what);
  }

  #plain(): Piece {
    const text = /^[^\s;&|<>()$`'"\\]+/.exec(this.#rest())?.[0] ?? '';
    if (/[*?[]/.test(text)) throw new NotPlain('a wildcard');
    if (/[,.]/.test(text.slice(text.indexOf('{') + 1 || text.length, text.lastIndexOf('}') + 1)))
      throw new NotPlain('a brace expansion');
    this.#at += text.length;
    if (this.#at < this.#text.length && /^[<>]/.test(this.#rest()) && /^\d+$/.test(text)) this.#refuse();
    return { text, quoted: false };
  }

  #escaped(): Piece {
    const text = this.#text[this.#at + 1] ?? '';
    this.#at += 2;
    return { text: text === '\n' ? '' : text, quoted: true };
  }

  #single(): Word {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw new NotPlain('an open single quote');
    const text = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return [{ text, quoted: true }];
  }

  #double(): Word {
    const pieces: Word = [{ text: '', quoted: true }];
    this.#at++;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new NotPlain('an open double quote');
      if (char === '"') {
        this.#at++;
        return pieces;
      }
      if (char === '`' || this.#sees('$(')) throw new NotPlain('a command substitution');
      if (char === '$') pieces.push(this.#variable(true));
      else {
        const isEscape = char === '\\' && /["$`\\]/.test(this.#text[this.#at + 1] ?? '');
        pieces.push({ text: this.#text[isEscape ? this.#at + 1 : this.#at] as string, quoted: true });
        this.#at += isEscape ? 2 : 1;
      }
    }
  }

  #variable(quoted: boolean): Piece {
    const simple = /^\$([A-Za-z_]\w*)/.exec(this.#rest());
    const braced = /^\$\{([A-Za-z_]\w*)(?:(:?[-+])([^}$`'"\\]*))?\}/.exec(this.#rest());
    const found = simple ?? braced;
    if (found === null) {
      const next = this.#text[this.#at + 1] ?? '';
      if (/[\w{@*#?!$-]/.test(next)) throw new NotPlain(`the expansion $${next}`);
      this.#at++;
      return { text: '$', quoted };
    }
    this.#at += found[0].length;
    const [, variable = '', operator, word] = found;
    if (operator === undefined) return { variable, quoted };
    return { variable, operator: operator as '-' | ':-' | '+' | ':+', word: word ?? '', quoted };
  }

  #skipBlanks(): void {
    for (;;) {
      const skipped = /^(?:[ \t\r]+|\\\n)/.exec(this.#rest())?.[0].length ?? 0;
      this.#at += skipped;
      if (skipped === 0) break;
    }
    if (this.#text[this.#at] === '#') this.#at += /^[^\n]*/.exec(this.#rest())?.[0].length ?? 0;
  }

  #sees(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #rest(): string {
    return this.#text.slice(this.#at);
  }
}
