import type { WriteStream } from 'node:tty';
import pc from 'picocolors';
import { PlainLines } from './plain.ts';
import { advance, cachedSteps, noProgress, type ShownEvent } from './state.ts';
import { TerminalView } from './terminal.ts';
import { asShown } from './width.ts';

/** How progress is shown: `auto` is a live view on a terminal, and plain lines elsewhere. */
export type ProgressMode = 'auto' | 'plain' | 'tty' | 'quiet' | 'rawjson';

/** Shows a build while it goes on. */
export interface Display {
  add: (event: ShownEvent) => void;
  /** Ends it; may be called again. */
  close(): void;
  /** How many steps were cached, and how many could have been. */
  counts(): { cached: number; all: number };
  /** Whether people read it. */
  isChatty: boolean;
}

/** The display for a mode; where CI is set, or TERM is dumb, nobody looks at a terminal. */
export function displayFor(
  mode: ProgressMode,
  out: WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Display {
  const isWatched = out.isTTY === true && env.TERM !== 'dumb' && !env.CI;
  if (mode === 'tty' || (mode === 'auto' && isWatched)) return onTerminal(out);
  if (mode === 'quiet') return inLines(out, () => [], false);
  if (mode === 'rawjson') return inLines(out, (event) => [JSON.stringify(event)], false);
  const lines = new PlainLines();
  // In a file, output is what the command wrote; a terminal would do what it says.
  const safe = (line: string) => (out.isTTY === true ? asShown(line) : line);
  return inLines(out, (event) => lines.of(event).map((line) => painted(event, safe(line))), true);
}

function painted({ type }: ShownEvent, line: string): string {
  if (type === 'output' && line.startsWith('    ')) return pc.dim(line);
  return type === 'notice' ? pc.yellow(line) : line;
}

function inLines(out: WriteStream, linesOf: (event: ShownEvent) => string[], isChatty: boolean): Display {
  let progress = noProgress(performance.now());
  return {
    isChatty,
    counts: () => cachedSteps(progress),
    close: () => {},
    add: (event) => {
      progress = advance(progress, event, performance.now());
      for (const line of linesOf(event)) out.write(`${line}\n`);
    },
  };
}

function onTerminal(out: WriteStream): Display {
  const view = new TerminalView(out);
  return {
    isChatty: true,
    add: view.add,
    close: () => view.close(),
    counts: () => cachedSteps(view.progress),
  };
}
