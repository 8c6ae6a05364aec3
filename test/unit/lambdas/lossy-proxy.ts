import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * Stands in front of DynamoDB and loses answers: the write has taken effect, but whoever asked for it cannot know.
 * So an execution looks that was cut off after the effect of a step and before its checkpoint.
 */
export class LossyProxy {
  readonly #behind: string;
  /** By a word in the request: the writes, counted from 1 since the first of them was named, whose answer is lost. */
  readonly #losses = new Map<string, Set<number>>();
  readonly #writes = new Map<string, number>();
  readonly #server = createServer(async (request, response) => {
    const body = await buffer(request);
    const target = String(request.headers['x-amz-target'] ?? '');
    const answer = await fetch(this.#behind, {
      method: 'POST',
      headers: {
        'content-type': String(request.headers['content-type']),
        'x-amz-target': target,
        'x-amz-date': String(request.headers['x-amz-date']),
        authorization: String(request.headers.authorization),
      },
      body,
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (/\.(Put|Update|Delete)Item$/.test(target) && this.#isLost(body.toString())) return response.destroy();
    response.writeHead(answer.status, { 'content-type': String(answer.headers.get('content-type')) });
    response.end(bytes);
  });

  constructor(behind: string) {
    this.#behind = behind;
  }

  /** Loses the answer of the `nth` write that names `word`. */
  lose(word: string, nth: number): void {
    const losses = this.#losses.get(word) ?? new Set();
    this.#losses.set(word, losses.add(nth));
  }

  #isLost(body: string): boolean {
    for (const [word, losses] of this.#losses) {
      if (!body.includes(`#${word}/`)) continue;
      const count = (this.#writes.get(word) ?? 0) + 1;
      this.#writes.set(word, count);
      return losses.has(count);
    }
    return false;
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}
