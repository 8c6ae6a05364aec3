import { watch } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pause } from './pause.ts';

/** One line, or a part of an overlong one, of a container's output, as the runtime wrote it (`logfile.go`). */
interface Line {
  time: string;
  isPart: boolean;
  text: Buffer;
}

/** As in `kubectl logs`. */
export interface LogOptions {
  follow?: boolean;
  timestamps?: boolean;
  tailLines?: number;
  /** Only what was written at or after it. */
  since?: Date;
  /** Counted from the first line that is wanted: what is left out is the end (kubernetes, pkg/kubelet/kuberuntime/logs). */
  limitBytes?: number;
}

/**
 * What a container wrote, oldest first, without or with the time in front of each line.
 * @param isOver whether nothing more will be written, asked when all has been read
 * @param signal ends following
 */
export async function* readLog(
  path: string,
  options: LogOptions,
  isOver: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  const since = options.since?.toISOString() ?? '';
  for await (const batch of batches(path, options, isOver, signal)) {
    const wanted = since === '' ? batch : batch.filter(({ time }) => time >= since.slice(0, -1));
    const bytes = Buffer.concat(wanted.map((line) => format(line, options.timestamps ?? false)));
    if (bytes.length > 0) yield bytes.subarray(0, Math.min(left, bytes.length));
    left -= bytes.length;
    if (left <= 0) return;
  }
}

async function* batches(
  path: string,
  { follow = false, tailLines }: LogOptions,
  isOver: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<Line[]> {
  const older = await readFile(`${path}.1`).catch(() => Buffer.alloc(0));
  const file = await open(path).catch(() => undefined);
  if (!file) return;
  const reader = new Tail(path, file);
  try {
    const lines = [...parse(older), ...parse(await reader.next())];
    yield tailLines === undefined ? lines : lastLines(lines, tailLines);
    if (!follow) return;
    using changes = new Changes(path);
    while (!signal.aborted) {
      const isLast = isOver();
      const more = parse(await reader.next());
      if (more.length > 0) yield more;
      else if (isLast) return;
      else await changes.next(signal, isOver);
    }
  } finally {
    await reader.close();
  }
}

/** Reads what was added to a file, and goes on with its successor when it was rotated away. */
class Tail {
  readonly #path: string;
  #file: FileHandle;
  #rest = Buffer.alloc(0);

  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Whole lines only. */
  async next(): Promise<Buffer> {
    const added = await this.#file.readFile();
    if (added.length === 0) await this.#followRotation();
    const all = Buffer.concat([this.#rest, added]);
    const end = all.lastIndexOf(10) + 1;
    this.#rest = all.subarray(end);
    return all.subarray(0, end);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #followRotation(): Promise<void> {
    const next = await open(this.#path).catch(() => undefined);
    if (!next) return;
    if ((await next.stat()).ino === (await this.#file.stat()).ino) return next.close();
    await this.#file.close();
    this.#file = next;
  }
}

/** Tells when something in the file's directory changed. */
class Changes {
  readonly #watcher;
  #wake = () => {};
  #isPending = false;

  constructor(path: string) {
    this.#watcher = watch(dirname(path), () => {
      this.#isPending = true;
      this.#wake();
    });
    this.#watcher.on('error', () => this.#wake());
  }

  /** A container that ends writes nothing more: its end is looked for once a second too. */
  async next(signal: AbortSignal, isOver: () => boolean): Promise<void> {
    if (!this.#isPending && !isOver()) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await pause(1_000, AbortSignal.any([signal, woken.signal]));
    }
    this.#isPending = false;
    this.#wake = () => {};
  }

  [Symbol.dispose](): void {
    this.#watcher.close();
  }
}

function parse(bytes: Buffer): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(10, start);
    const line = bytes.subarray(start, end);
    const time = line.indexOf(32);
    const stream = line.indexOf(32, time + 1);
    lines.push({
      time: line.toString('latin1', 0, time),
      isPart: line[stream + 1] === 80,
      text: line.subarray(stream + 3),
    });
    start = end + 1;
  }
  return lines;
}

function lastLines(lines: Line[], count: number): Line[] {
  let start = lines.length;
  for (let left = count; start > 0; start -= 1) {
    // The end of a line, unless it is the last part of an unfinished one.
    const before = lines[start - 1];
    if (before && (!before.isPart || start === lines.length)) left -= 1;
    if (left < 0) break;
  }
  return lines.slice(start);
}

function format({ time, isPart, text }: Line, timestamps: boolean): Buffer {
  return Buffer.concat([Buffer.from(timestamps ? `${time} ` : ''), text, Buffer.from(isPart ? '' : '\n')]);
}

/** The last lines as text, for a container's termination message. */
export async function lastOutput(path: string, lineCount: number, byteCount: number): Promise<string> {
  const lines = parse(await readFile(path).catch(() => Buffer.alloc(0)));
  const text = Buffer.concat(lines.slice(-lineCount).map((line) => format(line, false)));
  return text.subarray(-byteCount).toString();
}
