/** A tar that cannot be read; the message says why. */
export class BadTar extends Error {}

/** Takes as many bytes as are asked for from a stream of chunks. */
export class Bytes {
  readonly #chunks: AsyncIterator<Buffer>;
  #open: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Fewer only at the end. */
  async atMost(count: number): Promise<Buffer> {
    if (this.#open.length >= count) return this.#take(count);
    const parts = [this.#take(this.#open.length)];
    let missing = count - (parts[0] as Buffer).length;
    while (missing > 0 && (await this.#next())) {
      const part = this.#take(Math.min(missing, this.#open.length));
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  async exactly(count: number): Promise<Buffer> {
    const bytes = await this.atMost(count);
    if (bytes.length < count) throw new BadTar('it ends too soon');
    return bytes;
  }

  /** At least one, and no more than `most`. */
  async some(most: number): Promise<Buffer> {
    while (this.#open.length === 0) if (!(await this.#next())) throw new BadTar('it ends too soon');
    return this.#take(Math.min(most, this.#open.length));
  }

  async pass(count: number): Promise<void> {
    for (let left = count; left > 0; ) left -= (await this.some(left)).length;
  }

  /** To the end of the stream, which is known to be whole only there. */
  async rest(): Promise<void> {
    do this.#open = Buffer.alloc(0);
    while (await this.#next());
  }

  #take(count: number): Buffer {
    const bytes = this.#open.subarray(0, count);
    this.#open = this.#open.subarray(count);
    return bytes;
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    this.#open = done ? Buffer.alloc(0) : value;
    return !done;
  }
}
