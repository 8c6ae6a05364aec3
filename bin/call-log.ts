import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { AwsCall } from '../local/aws/admission.ts';

/**
 * Writes AWS calls into a file as NDJSON, one object a line: `principal`, `service`, `action`, `resource` and, where
 * policies may ask for it, `context`. Each call that differs from all before it is one line.
 */
export class CallLog {
  readonly #file: ReturnType<typeof createWriteStream>;
  readonly #seen = new Set<string>();

  constructor(path: string) {
    this.#file = createWriteStream(path);
    // What cannot be written is said once, when it is closed.
    this.#file.on('error', () => {});
  }

  add(call: AwsCall): void {
    const line = JSON.stringify(call);
    if (this.#seen.has(line)) return;
    this.#seen.add(line);
    this.#file.write(`${line}\n`);
  }

  /** @throws what kept it from being written */
  async close(): Promise<void> {
    this.#file.end();
    await finished(this.#file);
  }
}
