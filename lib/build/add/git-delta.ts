import { CopyProblem } from '../copy/copy-problem.ts';

/** Applies a difference (gitformat-pack, "Deltified representation"): pieces of the base, and new bytes. */
export function applied(base: Buffer, delta: Buffer, count: (size: number) => void): Buffer {
  let at = 0;
  const byte = () => {
    const value = delta[at++];
    if (value === undefined) throw broken('a difference ends too early');
    return value;
  };
  const number = () => {
    let value = 0;
    for (let shift = 0; shift < 50; shift += 7) {
      const part = byte();
      value += (part & 127) * 2 ** shift;
      if ((part & 128) === 0) return value;
    }
    throw broken('a difference has a length without end');
  };
  if (number() !== base.length) throw broken('a difference is to something of another length');
  const size = number();
  count(size);
  const result = Buffer.allocUnsafe(size);
  let filled = 0;
  const put = (piece: Buffer, length: number) => {
    if (piece.length !== length || filled + length > size) throw broken('a difference leads outside');
    result.set(piece, filled);
    filled += length;
  };
  while (at < delta.length) {
    const command = byte();
    if (command === 0) throw broken('a difference has a command that is none');
    if ((command & 128) === 0) {
      put(delta.subarray(at, at + command), command);
      at += command;
      continue;
    }
    let start = 0;
    let length = 0;
    for (let bit = 0; bit < 4; bit++) if ((command & (1 << bit)) !== 0) start += byte() * 256 ** bit;
    for (let bit = 0; bit < 3; bit++) if ((command & (16 << bit)) !== 0) length += byte() * 256 ** bit;
    if (length === 0) length = 0x10000;
    put(base.subarray(start, start + length), length);
  }
  if (filled !== size) throw broken('a difference is shorter than it says');
  return result;
}

/** What is wrong with a pack. */
export function broken(cause: string): CopyProblem {
  return new CopyProblem('bad-git', `the pack from the git server cannot be used: ${cause}`);
}
