import { fault, type Position } from './faults.ts';
import type { Command, Escape, Pairs } from './types.ts';

/** A flag in front of the arguments: `--from=build`; `value` is absent for `--link`. */
export interface Flag {
  name: string;
  value?: string;
}

/** The keyword, and what follows it. */
export function splitInstruction(text: string): [word: string, rest: string] {
  const space = text.search(/\s/);
  return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space).trim()];
}

/** Splits on blanks, with no regard to quotes, as the reference does for COPY, FROM, EXPOSE and VOLUME. */
export function blanks(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Splits on blanks that are neither quoted nor escaped; quotes and escapes stay in the words. */
export function words(text: string, escapeChar: Escape): string[] {
  const found: string[] = [];
  let word = '';
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (char === escapeChar && quote !== "'") {
      // At the very end it escapes nothing, and is dropped.
      if (i + 1 < text.length) word += char + text[++i];
    } else if (quote === '' && /\s/.test(char)) {
      if (word !== '') found.push(word);
      word = '';
    } else {
      if (quote === '' && (char === '"' || char === "'")) quote = char;
      else if (char === quote) quote = '';
      word += char;
    }
  }
  if (word !== '') found.push(word);
  return found;
}

/**
 * Takes the `--flags` off the front, and the quotes and backslashes off them, whatever the escape character is
 * (BuildKit, `parser.extractBuilderFlags`). A lone `--` ends them.
 */
export function flags(text: string): { flags: Flag[]; rest: string } {
  const found: Flag[] = [];
  let at = skipBlanks(text, 0);
  while (text.startsWith('--', at)) {
    const { word, end } = flagWord(text, at);
    at = end;
    if (word === '--') break;
    const equals = word.indexOf('=');
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    found.push({ name, ...(equals < 0 ? {} : { value: word.slice(equals + 1) }) });
    at = skipBlanks(text, at);
  }
  return { flags: found, rest: text.slice(at).trim() };
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && /\s/.test(text[at] as string)) at++;
  return at;
}

function flagWord(text: string, start: number): { word: string; end: number } {
  let word = '';
  let quote = '';
  let at = start;
  for (; at < text.length; at++) {
    const char = text[at] as string;
    if (quote === '' && /\s/.test(char)) break;
    if (char === '\\') word += text[++at] ?? '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
    else word += char;
  }
  return { word, end: Math.min(at, text.length) };
}

function jsonArray(text: string): unknown[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isJsonArray(text: string): boolean {
  return jsonArray(text) !== undefined;
}

/**
 * The JSON (exec) form, or nothing when the text is no JSON array: then it is a shell form. Throws
 * `dockerfile/bad-argument` when the array holds other things than strings.
 */
export function jsonForm(text: string, position: Position): string[] | undefined {
  const items = jsonArray(text);
  if (items === undefined || items.every((item) => typeof item === 'string')) return items;
  const other = items.find((item) => typeof item !== 'string');
  const cause = `the JSON form holds ${JSON.stringify(other)}, which is no string`;
  throw fault(position, 'bad-argument', cause, 'put each argument into double quotes');
}

/** The command of RUN, CMD, ENTRYPOINT or HEALTHCHECK CMD. */
export function command(text: string, position: Position): Command {
  const argv = jsonForm(text, position);
  return argv === undefined ? { form: 'shell', script: text } : { form: 'exec', argv };
}

/** `a=b c="d e"`, or the old form `a the rest of the line`, of ENV and LABEL. */
export function pairs(text: string, escapeChar: Escape, keyword: string, position: Position): Pairs {
  const [first = '', ...others] = words(text, escapeChar);
  if (!first.includes('=')) {
    const [name, value] = splitInstruction(text);
    if (value !== '') return [[name, value]];
    const cause = `${keyword} ${name} has no value`;
    throw fault(position, 'missing-argument', cause, `write ${keyword} ${name}=value`);
  }
  return [first, ...others].map((word) => {
    const equals = word.indexOf('=');
    if (equals > 0) return [word.slice(0, equals), word.slice(equals + 1)];
    const cause = `${keyword} has ${JSON.stringify(word)} without a name and "="`;
    const remedy = `write name=value, with quotes around a value that has blanks`;
    throw fault(position, 'bad-argument', cause, remedy);
  });
}
