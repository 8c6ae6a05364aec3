import { FairleadError } from '../errors.ts';

/** Where in which Dockerfile; every fault of this word tells it. */
export interface Position {
  file: string;
  line: number;
}

/** A message is for reading, also where what it is about is a megabyte. */
const LONGEST_CAUSE = 400;

/** An error `dockerfile/<code>` at `Dockerfile:LINE`. */
export function fault({ file, line }: Position, code: string, cause: string, remedy?: string): FairleadError {
  return new FairleadError({
    code: `dockerfile/${code}`,
    operation: 'reading the Dockerfile',
    place: `${file}:${line}`,
    cause: cause.length > LONGEST_CAUSE ? `${cause.slice(0, LONGEST_CAUSE)}…` : cause,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** `, did you mean COPY?` when one of `candidates` is at most two typing errors away, else nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: typingErrors(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const bearable = word.length <= 3 ? 1 : 2;
  return best !== undefined && best.distance <= bearable ? `, did you mean ${best.candidate}?` : '';
}

// Optimal string alignment distance: insertions, deletions, replacements and swapped neighbours.
function typingErrors(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      rows[i]?.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped));
    }
  }
  return at(a.length, b.length);
}
