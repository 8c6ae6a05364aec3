/**
 * The line of a program's log that says why it ended. Runtimes print stacks after (Go, Java, Node) or before
 * (Python) that line; where none of them is recognized it is the last one.
 */
export function lastWords(lines: readonly string[]): string | undefined {
  const telling = TELLING.map((pattern) => lines.findLast((line) => pattern.test(line))).find(Boolean);
  const line = telling ?? lines.findLast((candidate) => candidate.trim() !== '');
  return line === undefined ? undefined : shorten(line.trim());
}

const TELLING = [
  // Go
  /^(panic|fatal error|SIG[A-Z]+): /,
  // Java, Kotlin
  /^Exception in thread /,
  // Rust
  /^thread '.*' (\(\d+\) )?panicked at /,
  // Node, Ruby, Python: `TypeError: x is not a function`
  /^(Uncaught )?[\w.]*(Error|Exception)(:| \[)/,
];

const LONGEST = 300;

function shorten(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
