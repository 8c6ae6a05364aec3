import { stripVTControlCharacters } from 'node:util';

/** Longer lines of a log help nobody in a terminal. Characters. */
const LONGEST_LINE = 2000;

// Control characters but the tab, and those that reorder or hide text (Unicode UAX 9, "Explicit Directional").
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The lines of `text`, with nothing in them that could act on the terminal of whoever reads them. */
export function terminalLines(text: string): string[] {
  const lines = stripVTControlCharacters(text).split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => {
    const clean = line.replace(UNPRINTABLE, '');
    return clean.length > LONGEST_LINE ? `${clean.slice(0, LONGEST_LINE)}…` : clean;
  });
}
