import { type Bits, broken } from './bzip2-bits.ts';

/** The bytes that a block uses. */
export function readSymbols(bits: Bits): number[] {
  const groups = bits.now(16);
  const symbols: number[] = [];
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >> group)) === 0) continue;
    const used = bits.now(16);
    for (let bit = 0; bit < 16; bit++) if ((used & (0x8000 >> bit)) !== 0) symbols.push(group * 16 + bit);
  }
  if (symbols.length === 0) throw broken('a block uses no bytes');
  return symbols;
}

/** A canonical Huffman code: for each length the first code, the first place in `order`, and how many there are. */
interface Code {
  first: Int32Array;
  offset: Int32Array;
  count: Int32Array;
  order: Uint16Array;
  /** Symbol and length of what begins with these bits, where the code is not longer: `symbol << 5 | length`. */
  short: Uint16Array;
}

const SHORT = 10;

export interface Tables {
  selectors: Uint8Array;
  codes: Code[];
}

/** Reads a block's codes, and which of them is for which fifty symbols. */
export function readTables(bits: Bits, symbolCount: number): Tables {
  const codeCount = bits.now(3);
  const selectorCount = bits.now(15);
  if (codeCount < 2 || codeCount > 6 || selectorCount === 0) throw broken('a block has no codes');
  const recent = Array.from({ length: codeCount }, (_, index) => index);
  const selectors = new Uint8Array(selectorCount);
  for (let i = 0; i < selectorCount; i++) {
    let place = 0;
    while (bits.now(1) === 1) if (++place >= codeCount) throw broken('a block names a code that it lacks');
    const [chosen = 0] = recent.splice(place, 1);
    recent.unshift(chosen);
    selectors[i] = chosen;
  }
  const codes = Array.from({ length: codeCount }, () => readCode(bits, symbolCount));
  return { selectors, codes };
}

function readCode(bits: Bits, symbolCount: number): Code {
  const lengths = new Uint8Array(symbolCount);
  const count = new Int32Array(22);
  let length = bits.now(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > 20) throw broken('a code is too long');
      if (bits.now(1) === 0) break;
      length += bits.now(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
    countUp(count, length);
  }
  const first = new Int32Array(22);
  const offset = new Int32Array(22);
  for (let size = 1, code = 0, place = 0; size <= 20; size++) {
    first[size] = code;
    offset[size] = place;
    place += count[size] as number;
    code = (code + (count[size] as number)) << 1;
  }
  const order = new Uint16Array(symbolCount);
  const next = Int32Array.from(offset);
  for (let symbol = 0; symbol < symbolCount; symbol++)
    order[countUp(next, lengths[symbol] as number)] = symbol;
  return { first, offset, count, order, short: shortCodes(first, offset, count, order) };
}

function shortCodes(
  first: Int32Array,
  offset: Int32Array,
  count: Int32Array,
  order: Uint16Array,
): Uint16Array {
  const short = new Uint16Array(1 << SHORT);
  for (let size = 1; size <= SHORT; size++) {
    for (let index = 0; index < (count[size] as number); index++) {
      const symbol = order[(offset[size] as number) + index] as number;
      const from = ((first[size] as number) + index) << (SHORT - size);
      short.fill((symbol << 5) | size, from, from + (1 << (SHORT - size)));
    }
  }
  return short;
}

/** Reads one symbol. */
export function decode(bits: Bits, { first, offset, count, order, short }: Code): number {
  const known = short[bits.peek(SHORT)] as number;
  if (known !== 0) {
    bits.drop(known & 31);
    return known >> 5;
  }
  for (let size = SHORT + 1; size <= 20; size++) {
    const index = bits.peek(size) - (first[size] as number);
    if (index < 0 || index >= (count[size] as number)) continue;
    bits.drop(size);
    return order[(offset[size] as number) + index] as number;
  }
  throw broken('it has a code that means nothing');
}

/** Adds one to a count, and answers what it was. */
export function countUp(counts: Int32Array | Uint32Array, index: number): number {
  const before = counts[index] as number;
  counts[index] = before + 1;
  return before;
}
