import type { Progress, ShownStep } from './state.ts';
import { asShown, columnsOf, cutTo } from './width.ts';

/** A line and how it is painted. */
export interface ViewLine {
  text: string;
  style: 'plain' | 'bold' | 'dim' | 'good' | 'bad' | 'notice';
}

/** The size of the terminal in characters, and the time as the events had it. */
export interface Frame {
  columns: number;
  rows: number;
  now: number;
}

/** Lines of output below a step, where there is room. */
const MOST_TAIL = 6;

/** Lines that stay: the steps that have ended, but for those that were broken off because of another. */
export function endedLines(steps: readonly ShownStep[], columns: number): ViewLine[] {
  return steps.flatMap((step) => {
    if (step.state === 'running' || step.state === 'aborted') return [];
    return [stepLine(step, step.ms ?? 0, columns)];
  });
}

export function noticeLine(message: string, columns: number): ViewLine {
  return { text: cutTo(asShown(`notice: ${message}`), columns), style: 'notice' };
}

/**
 * What moves: how far the build is, and the steps that run, with the seconds they have taken and the last lines of
 * their output below. Never more than the terminal has room for. Pure.
 */
export function liveLines(progress: Progress, { columns, rows, now }: Frame): ViewLine[] {
  const running = progress.steps.filter(({ state }) => state === 'running');
  const ended = progress.steps.length - running.length;
  const counted = progress.steps.length === 0 ? '' : ` (${ended}/${progress.steps.length})`;
  const head = `[+] Building ${seconds(now - progress.startedAt)}${counted}`;
  const room = Math.max(0, rows - 2);
  const shown = running.slice(-Math.max(1, room));
  const tails = Math.max(0, room - shown.length);
  const each = shown.length === 0 ? 0 : Math.min(MOST_TAIL, Math.floor(tails / shown.length));
  const lines = shown.flatMap((step) => [
    stepLine(step, now - step.startedAt, columns),
    ...(each === 0 ? [] : step.tail.slice(-each)).map((line) => tailLine(line, columns)),
  ]);
  return [{ text: cutTo(head, columns), style: 'bold' } satisfies ViewLine, ...lines].slice(0, rows - 1);
}

function tailLine(line: string, columns: number): ViewLine {
  return { text: cutTo(` => => ${asShown(line)}`, columns), style: 'dim' };
}

const STYLES = { running: 'plain', done: 'plain', cached: 'good', failed: 'bad', aborted: 'dim' } as const;
const MARKS = { running: '', done: '', cached: 'CACHED ', failed: 'FAILED ', aborted: 'CANCELED ' };

/** ` => CACHED [build 2/5] COPY . .        0.0s`, the time at the right edge. */
function stepLine({ name, state, note }: ShownStep, ms: number, columns: number): ViewLine {
  const time = ` ${seconds(ms)}`;
  const left = ` => ${MARKS[state]}${asShown(name)}${note === undefined ? '' : `, ${note}`}`;
  const room = columns - columnsOf(time);
  if (room < 12) return { text: cutTo(left, columns), style: STYLES[state] };
  const cut = cutTo(left, room);
  return { text: cut + ' '.repeat(room - columnsOf(cut)) + time, style: STYLES[state] };
}

function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)}s`;
}
