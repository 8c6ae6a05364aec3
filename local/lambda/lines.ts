import type { Readable } from 'node:stream';

/** What CloudWatch Logs takes for one event. */
const LONGEST = 256 * 1024;

/** Calls `onLine` for every line of `stream`, without its end; longer ones than CloudWatch takes are cut in pieces. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    while (rest.length > LONGEST) {
      onLine(rest.slice(0, LONGEST));
      rest = rest.slice(LONGEST);
    }
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
    rest = '';
  });
}

/** The object in a line that is a JSON object. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
