import { fault, type Position } from './faults.ts';
import type { Command, Escape, Pairs } from './types.ts';

/** A flag in front of the arguments: `--from=build`; `value` is absent for `--link`. */
export interface Flag {
  name: string;
  value?: string;
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
    if (char === escapeChar && quote !== "'" && i + 1 < text.length) word += char + text[++i];
    else if (quote === '' && /\s/.test(char)) {
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

/** Takes the `--flags` off the front. A flag's value may be quoted. */
export function flags(text: string, escapeChar: Escape): { flags: Flag[]; rest: string } {
  const found: Flag[] = [];
  let rest = text.trimStart();
  while (/^--\S/.test(rest)) {
    const word = words(rest, escapeChar)[0] as string;
    rest = rest.slice(word.length).trimStart();
    const equals = word.indexOf('=');
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    found.push({ name, ...(equals < 0 ? {} : { value: unquoted(word.slice(equals + 1)) }) });
  }
  return { flags: found, rest: rest.startsWith('-- ') ? rest.slice(3).trimStart() : rest };
}

function unquoted(value: string): string {
  return /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value;
}

/** The JSON (exec) form, or nothing when the text is not an array of strings: then it is a shell form. */
export function jsonForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The command of RUN, CMD, ENTRYPOINT or HEALTHCHECK CMD. */
export function command(text: string): Command {
  const argv = jsonForm(text);
  return argv === undefined ? { form: 'shell', script: text } : { form: 'exec', argv };
}

/** `a=b c="d e"`, or the old form `a the rest of the line`, of ENV and LABEL. */
export function pairs(text: string, escapeChar: Escape, keyword: string, position: Position): Pairs {
  const [first = '', ...others] = words(text, escapeChar);
  if (!first.includes('=')) {
    const value = text.slice(first.length).trim();
    if (value !== '') return [[first, value]];
    throw fault(
      position,
      'missing-argument',
      `${keyword} ${first} has no value`,
      `write ${keyword} ${first}=value`,
    );
  }
  return [first, ...others].map((word) => {
    const equals = word.indexOf('=');
    if (equals > 0) return [word.slice(0, equals), word.slice(equals + 1)];
    const remedy = `write name=value, with quotes around a value that has blanks`;
    throw fault(
      position,
      'bad-argument',
      `${keyword} has ${JSON.stringify(word)} without a name and "="`,
      remedy,
    );
  });
}
