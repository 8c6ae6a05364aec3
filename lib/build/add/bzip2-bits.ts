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

  /** Up to 24 bits of what is at hand. */
  now(count: number): number {
    while (this.#count < count) {
      const byte = this.#chunk[this.#at++];
      if (byte === undefined) throw broken('it ends too early');
      this.#value = ((this.#value << 8) | byte) & 0xffffffff;
      this.#count += 8;
    }
    this.#count -= count;
    return (this.#value >>> this.#count) & ((1 << count) - 1);
  }

  align(): void {
    this.#count -= this.#count % 8;
  }
}
