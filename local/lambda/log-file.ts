import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * A function's log group: a file that lines are appended to. When it is full it becomes `FILE.1`, in place of the one
 * that was so before; so there are never more than twice `limit` bytes.
 */
export class LogFile {
  readonly #path: string;
  readonly #limit: number;
  #size: number;

  constructor(path: string, limit = 8 * 1024 * 1024) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    this.#limit = limit;
    this.#size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  // Written at once and not by a stream, so that the file is complete whenever someone looks, even after a crash.
  append(line: string): void {
    const text = `${line}\n`;
    const bytes = Buffer.byteLength(text);
    if (this.#size > 0 && this.#size + bytes > this.#limit) {
      renameSync(this.#path, `${this.#path}.1`);
      this.#size = 0;
    }
    appendFileSync(this.#path, text);
    this.#size += bytes;
  }
}
