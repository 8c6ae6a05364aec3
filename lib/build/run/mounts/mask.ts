import { LONGEST_LINE } from '../../../sandbox/spawn.ts';
import { Encodings } from './encodings.ts';

/** Shorter texts than this say nothing, and would be found everywhere. */
const SHORTEST = 4;

const MASK = '***';

/**
 * A function that replaces the texts of secrets in a line: whole or line by line, plain, or in base64, however that is
 * cut into lines and whatever stands before it.
 */
export function maskOf(secrets: readonly Buffer[]): (line: string) => string {
  if (secrets.length === 0) return (line) => line;
  const encodings = new Encodings(secrets);
  const texts = secrets.flatMap((data) => {
    const text = data.toString('utf8');
    return [text.trim(), ...text.split(/\r?\n/).map((line) => line.trim())];
  });
  const needles = [...new Set([...texts, ...encodings.whole])].filter(
    (text) => text.length >= SHORTEST && !text.includes('\n'),
  );
  // The longest first: it may hold others.
  needles.sort((a, b) => b.length - a.length);
  return (line) => {
    if (encodings.isEnd(line.trim())) return MASK;
    let masked = line;
    for (const needle of needles) masked = masked.replaceAll(needle, MASK);
    masked = encodings.replaceIn(masked, MASK);
    return line.length < LONGEST_LINE ? masked : withoutBeginning(masked, needles);
  };
}

/** A line that was cut may end with the beginning of one. */
function withoutBeginning(line: string, needles: readonly string[]): string {
  for (const needle of needles) {
    for (let length = Math.min(needle.length, line.length); length >= SHORTEST; length--)
      if (line.endsWith(needle.slice(0, length))) return line.slice(0, -length) + MASK;
  }
  return line;
}
