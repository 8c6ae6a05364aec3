import { stripVTControlCharacters } from 'node:util';

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const NONE = /\p{Mark}|\p{Default_Ignorable_Code_Point}/u;

/** The columns that a character takes on a terminal (Unicode, "East Asian Width"). */
function widthOf(character: string): number {
  if (NONE.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The columns that a text without control characters takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/** The text in so many columns at most; what is cut off is an ellipsis at its end. */
export function cutTo(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < 1) return '';
  let kept = '';
  let used = 1;
  for (const character of text) {
    used += widthOf(character);
    if (used > columns) break;
    kept += character;
  }
  return `${kept}…`;
}

/** What a terminal would show of a line in the end: no escape sequences, what came after the last carriage return. */
export function asShown(line: string): string {
  const plain = stripVTControlCharacters(line).replace(/\r+$/, '');
  const last = plain.slice(plain.lastIndexOf('\r') + 1).replaceAll('\t', '    ');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return last.replace(/[\x00-\x1f\x7f-\x9f]/g, '');
}
