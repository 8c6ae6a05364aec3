import type { WriteStream } from 'node:tty';
import pc from 'picocolors';
import { advance, noProgress, type Progress, type ShownEvent } from './state.ts';
import { endedLines, liveLines, noticeLine, type ViewLine } from './view.ts';
import { columnsOf } from './width.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_BELOW = '\x1b[J';
const FRAME_MS = 100;

const PAINT: Record<ViewLine['style'], (text: string) => string> = {
  plain: (text) => text,
  bold: pc.bold,
  dim: pc.dim,
  good: pc.blue,
  bad: pc.red,
  notice: pc.yellow,
};

/** Shows a build on a terminal: what has ended stays and scrolls away, what runs moves below it. */
export class TerminalView {
  readonly #out: WriteStream;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  readonly #showCursor = () => this.#out.write(SHOW_CURSOR);
  #progress: Progress;
  /** The live lines that are on the screen. */
  #drawn: ViewLine[] = [];
  #ended = new Set<string>();
  #notices = 0;
  #isClosed = false;

  constructor(out: WriteStream, now: () => number = () => performance.now()) {
    this.#out = out;
    this.#now = now;
    this.#progress = noProgress(now());
    out.write(HIDE_CURSOR);
    process.once('exit', this.#showCursor);
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
    this.#timer.unref();
  }

  get progress(): Progress {
    return this.#progress;
  }

  add = (event: ShownEvent): void => {
    if (event.type === 'step-start') this.#ended.delete(`${event.stage} ${event.number}`);
    this.#progress = advance(this.#progress, event, this.#now());
  };

  /** Leaves what has ended on the screen, and takes what moved away. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#draw(false);
    process.off('exit', this.#showCursor);
    this.#showCursor();
  }

  #draw(live = true): void {
    const { columns = 80, rows = 24 } = this.#out;
    const width = Math.max(1, columns - 1);
    const steps = this.#progress.steps.filter(({ id, state }) => state !== 'running' && !this.#ended.has(id));
    for (const { id } of steps) this.#ended.add(id);
    const fresh = this.#progress.notices.slice(this.#notices);
    this.#notices += fresh.length;
    const staying = [...fresh.map((notice) => noticeLine(notice, width)), ...endedLines(steps, width)];
    const moving = live ? liveLines(this.#progress, { columns: width, rows, now: this.#now() }) : [];
    const up = this.#rowsDrawn(columns);
    const text = [...staying, ...moving].map((line) => `${PAINT[line.style](line.text)}\n`).join('');
    this.#out.write(`${up === 0 ? '' : `\x1b[${up}A`}\r${CLEAR_BELOW}${text}`);
    this.#drawn = moving;
  }

  // A terminal that became narrower has wrapped what was on it.
  #rowsDrawn(columns: number): number {
    return this.#drawn.reduce(
      (rows, { text }) => rows + Math.max(1, Math.ceil(columnsOf(text) / columns)),
      0,
    );
  }
}
