import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { parseObject } from './lines.ts';
import { LogFile } from './log-file.ts';
import type { LogRecord } from './types.ts';

/** What the functions log, as CloudWatch Logs keeps it: a file for each, and every line told as it comes. */
export class LogGroups {
  readonly records = new EventEmitter<{ record: [LogRecord] }>();
  readonly #files: ReadonlyMap<string, LogFile>;

  /** @param folder gets a file `FUNCTION.log` for each of the functions `names` */
  constructor(folder: string, names: readonly string[]) {
    this.#files = new Map(names.map((name) => [name, new LogFile(join(folder, `${name}.log`))]));
  }

  add(name: string, line: string, requestId: string | undefined): void {
    this.#files.get(name)?.append(line);
    const record = parseObject(line);
    this.records.emit('record', { function: name, requestId, ...(record ? { record } : { text: line }) });
  }
}
