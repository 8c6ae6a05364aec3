import { NotPlain, type Piece, type Word } from './shell.ts';

export interface Variables {
  get(name: string): string | undefined;
  /** Told of a variable that is asked for as it is, and not set. */
  missing?(name: string): void;
}

/**
 * The fields that a word becomes: none when it is an unset variable without quotes, several when such a variable
 * holds blanks (POSIX, Shell Command Language 2.6.5). Throws NotPlain where such a variable holds a wildcard.
 */
export function fields(word: Word, variables: Variables): string[] {
  const found: string[] = [];
  let field: string | undefined;
  for (const piece of word) {
    const value = valueIn(piece, variables);
    if ('text' in piece || piece.quoted) {
      field = (field ?? '') + value;
      continue;
    }
    if (/[*?[]/.test(value)) throw new NotPlain(`a wildcard in $${piece.variable}`);
    const parts = value.split(/[ \t\n]+/);
    parts.forEach((part, index) => {
      if (index > 0 && field !== undefined) found.push(field);
      if (index > 0) field = undefined;
      if (part !== '') field = (field ?? '') + part;
    });
  }
  if (field !== undefined) found.push(field);
  return found;
}

/** The value of a word where it is not split, as in an assignment. */
export function joined(word: Word, variables: Variables): string {
  return word.map((piece) => valueIn(piece, variables)).join('');
}

function valueIn(piece: Piece, variables: Variables): string {
  if ('text' in piece) return piece.text;
  const value = variables.get(piece.variable);
  const isSet = value !== undefined && (!piece.operator?.startsWith(':') || value !== '');
  if (piece.operator?.endsWith('-')) return isSet ? value : (piece.word ?? '');
  if (piece.operator?.endsWith('+')) return isSet ? (piece.word ?? '') : '';
  if (value === undefined) variables.missing?.(piece.variable);
  return value ?? '';
}
