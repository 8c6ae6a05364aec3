import { FairleadError } from '../../errors.ts';

/** What is no bzip2, or was cut off. */
export function broken(cause: string): FairleadError {
  return new FairleadError({ code: 'build/bad-archive', operation: 'decompressing bzip2', cause });
}

/** Bits, the highest of a byte first. */
export class Bits {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = Buffer.alloc(0);
  #at = 0;
  #value = 0;
  #count = 0;

  constructor(source: AsyncIterator<Uint8Array>) {
    this.#source = source;
  }

  /** Reads until at least `bytes` are at hand, as far as there are any, so that `now` need not wait. */
  async ahead(bytes: number): Promise<void> {
    this.#giveBack();
    let have = this.#chunk.length - this.#at;
    if (have >= bytes) return;
    const pieces = [this.#chunk.subarray(this.#at)];
    while (have < bytes) {
      const next = await this.#source.next();
      if (next.done) break;
      pieces.push(next.value);
      have += next.value.length;
    }
    this.#chunk = Buffer.concat(pieces);
    this.#at = 0;
  }

  async isAtEnd(): Promise<boolean> {
    await this.ahead(1);
    return this.#count < 8 && this.#at >= this.#chunk.length;
  }

  async take(count: number): Promise<number> {
    await this.ahead(4);
    return this.now(count);
  }

  async take32(): Promise<number> {
    return (await this.take(16)) * 65536 + (await this.take(16));
  }

  /** The next bits, at most 24 of what is at hand, which stay; zeros behind the end. */
  peek(count: number): number {
    while (this.#count < count) {
      this.#value = (this.#value << 8) | (this.#chunk[this.#at] ?? 0);
      this.#at++;
      this.#count += 8;
    }
    return (this.#value >>> (this.#count - count)) & ((1 << count) - 1);
  }

  /** Takes bits that were looked at. */
  drop(count: number): void {
    this.#count -= count;
    if (this.#at - (this.#count >> 3) > this.#chunk.length) throw broken('it ends too early');
  }

  /** Up to 24 bits of what is at hand. */
  now(count: number): number {
    const value = this.peek(count);
    this.drop(count);
    return value;
  }

  align(): void {
    this.#count -= this.#count % 8;
  }

  // Whole bytes that were looked at and not taken: those behind the end of the chunk were none.
  #giveBack(): void {
    const bytes = this.#count >> 3;
    this.#at -= bytes;
    this.#count -= bytes * 8;
    this.#value >>>= bytes * 8;
  }
}
