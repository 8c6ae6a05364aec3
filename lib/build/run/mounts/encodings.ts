/** So many characters of base64, nine bytes, are no accident. */
const PIECE = 12;

/** Of what is longer not every place is remembered, and pieces are found from `PIECE + SPARSE` characters on. */
const LONG = 16 * 1024;
const SPARSE = 16;

/** Columns at which base64(1), MIME (RFC 2045, 6.8), PEM (RFC 7468, 2) and openssl(1) go to the next line. */
const WIDTHS = [76, 64];

const RUN = new RegExp(`[A-Za-z0-9+/_-]{${PIECE},}`, 'g');

/**
 * What secrets look like in base64 (RFC 4648), with any bytes before and behind them: which of three ways it is depends
 * on how many stand before. Pieces of it are found wherever a line was broken.
 */
export class Encodings {
  /** Such as hold a whole secret, without what belongs to its neighbours. */
  readonly whole: readonly string[];
  readonly #places = new Map<string, [text: string, at: number]>();
  readonly #ends = new Set<string>();

  constructor(secrets: readonly Buffer[]) {
    const whole: string[] = [];
    for (const data of secrets) {
      const trimmed = Buffer.from(data.toString('utf8').trim());
      for (const bytes of data.equals(trimmed) ? [data] : [data, trimmed])
        for (const offset of [0, 1, 2]) whole.push(...encodedAt(bytes, offset));
      for (const bytes of [data, trimmed, Buffer.concat([trimmed, Buffer.from('\n')])]) this.#addEnds(bytes);
    }
    this.whole = [...new Set(whole)];
    for (const text of this.whole) this.#addPieces(text);
  }

  /** Whether a line is the last one of a secret in base64, which may be too short to be known by itself. */
  isEnd(line: string): boolean {
    return this.#ends.has(line);
  }

  /** The line with `mask` in place of all pieces. */
  replaceIn(line: string, mask: string): string {
    return line.replace(RUN, (run) => this.#replaceInRun(run, mask));
  }

  #addEnds(bytes: Buffer): void {
    const text = bytes.toString('base64');
    for (const width of WIDTHS) {
      const rest = text.length % width;
      if (text.length > width && rest > 0) this.#ends.add(text.slice(-rest));
    }
  }

  #addPieces(text: string): void {
    const step = text.length > LONG ? SPARSE : 1;
    for (let at = 0; at + PIECE <= text.length; at += step)
      this.#places.set(text.slice(at, at + PIECE), [text, at]);
  }

  #replaceInRun(run: string, mask: string): string {
    // The same in the alphabet for URLs.
    const plain = run.replaceAll('-', '+').replaceAll('_', '/');
    let replaced = '';
    let [from, to] = [0, 0];
    for (let at = 0; at + PIECE <= plain.length; at++) {
      // What is inside of what was found already tells nothing more.
      const place = at + PIECE <= to ? undefined : this.#places.get(plain.slice(at, at + PIECE));
      if (place === undefined) continue;
      const found = extended(plain, at, place);
      if (found.from > to) {
        replaced += to > 0 ? mask + run.slice(to, found.from) : run.slice(0, found.from);
        from = found.from;
      }
      to = Math.max(to, found.to);
    }
    return to > from ? replaced + mask + run.slice(to) : run;
  }
}

/** How far a run goes on like a text, both ways, from where a piece of it was found in that. */
function extended(run: string, at: number, [text, start]: readonly [string, number]) {
  let [from, to] = [at, at + PIECE];
  while (from > 0 && run[from - 1] === text[start - (at - from) - 1]) from--;
  while (to < run.length && run[to] === text[start + (to - at)]) to++;
  return { from, to };
}

/**
 * Bytes in base64 when `offset` others are before them, modulo three, without characters that hold something of those.
 * With the last character, as it is when nothing follows, and without it, where it would hold something of that.
 */
function encodedAt(bytes: Buffer, offset: number): string[] {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const own = text.slice(Math.ceil((offset * 8) / 6));
  return (offset + bytes.length) % 3 === 0 ? [own] : [own, own.slice(0, -1)];
}
