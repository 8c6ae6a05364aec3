import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { inflateSync, type Zlib } from 'node:zlib';
import { applied, broken } from './git-delta.ts';

/** An object of git by its kind and bytes. */
export interface GitObject {
  type: 'commit' | 'tree' | 'blob' | 'tag';
  data: Buffer;
}

const TYPES: Readonly<Record<number, GitObject['type']>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const OFFSET_DELTA = 6;
const REFERENCE_DELTA = 7;

/** What one object may be inflated to, and all of a pack together, in bytes. */
const MOST_OBJECT = 512 * 1024 ** 2;
const MOST_TOTAL = 16 * 1024 ** 3;

/** What is kept inflated for those that are told as differences to it. */
const CACHE_BYTES = 96 * 1024 ** 2;

/** Bytes before the objects, and of the checksum behind them. */
const HEAD = 12;
const SUM = 20;

/** What stands before an object's data: two numbers, or one and a name. */
const LONGEST_HEAD = 64;

/** Bytes that are read at a time. */
const CHUNK = 1024 * 1024;

interface Packed {
  type: number;
  size: number;
  dataAt: number;
  base?: number | string;
}

/**
 * The objects of a pack (gitformat-pack), found by their hash, which is made of their bytes: what it answers for a
 * name is what has that name. By hand, as what a hostile server's pack inflates to has to have a limit; isomorphic-git
 * has none. Throws CopyProblem `bad-git`.
 */
export class GitPack {
  readonly #file: number;
  readonly #size: number;
  readonly #entries = new Map<number, Packed>();
  readonly #offsets = new Map<string, number>();
  readonly #cache = new Map<number, GitObject>();
  #cached = 0;
  #total = 0;

  /** `file` is read as objects are asked for, until `close`. */
  constructor(file: string) {
    this.#file = openSync(file, 'r');
    try {
      this.#size = fstatSync(this.#file).size;
      const head = this.#bytes(0, HEAD);
      if (
        this.#size < 32 ||
        head.toString('latin1', 0, 4) !== 'PACK' ||
        ![2, 3].includes(head.readUInt32BE(4))
      )
        throw broken('it is no pack');
      if (!this.#sum().equals(this.#bytes(this.#size - SUM, SUM))) throw broken('its checksum is another');
      const count = head.readUInt32BE(8);
      for (let at = HEAD, index = 0; index < count; index++) at = this.#scan(at);
      this.#name();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  /** So many bytes, or what there is of them. */
  #bytes(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#size - at)));
    let filled = 0;
    while (filled < bytes.length) {
      const read = readSync(this.#file, bytes, filled, bytes.length - filled, at + filled);
      if (read === 0) throw broken('it ends too early');
      filled += read;
    }
    return bytes;
  }

  #sum(): Buffer {
    const hash = createHash('sha1');
    const end = this.#size - SUM;
    for (let at = 0; at < end; at += CHUNK) hash.update(this.#bytes(at, Math.min(CHUNK, end - at)));
    return hash.digest();
  }

  /** Every name in the pack. */
  get names(): string[] {
    return [...this.#offsets.keys()].sort();
  }

  read(name: string): GitObject {
    const offset = this.#offsets.get(name);
    if (offset === undefined) throw broken(`it lacks ${name}`);
    return this.#at(offset);
  }

  /** Notes the object at `start`, and answers where the next one begins. */
  #scan(start: number): number {
    const told = this.#bytes(start, LONGEST_HEAD);
    let at = start;
    const byte = () => {
      const value = told[at++ - start];
      if (value === undefined) throw broken('it ends too early');
      return value;
    };
    let head = byte();
    const type = (head >> 4) & 7;
    let size = head & 15;
    for (let shift = 4; (head & 128) !== 0 && shift < 50; shift += 7) {
      head = byte();
      size += (head & 127) * 2 ** shift;
    }
    const packed: Packed = { type, size, dataAt: at };
    if (type === OFFSET_DELTA) {
      head = byte();
      let back = head & 127;
      while ((head & 128) !== 0) {
        head = byte();
        back = (back + 1) * 128 + (head & 127);
      }
      packed.base = start - back;
    } else if (type === REFERENCE_DELTA) {
      packed.base = told.toString('hex', at - start, at - start + 20);
      at += 20;
    } else if (TYPES[type] === undefined) throw broken(`it has an object of type ${type}`);
    packed.dataAt = at;
    this.#entries.set(start, packed);
    return at + this.#inflate(packed).used;
  }

  #inflate({ dataAt, size }: Packed): { data: Buffer; used: number } {
    this.#count(size);
    try {
      const options = { info: true, maxOutputLength: Math.max(size, 1) } as const;
      const { buffer, engine } = inflateSync(this.#bytes(dataAt, mostDeflated(size)), options) as unknown as {
        buffer: Buffer;
        engine: Zlib;
      };
      if (buffer.length !== size) throw new Error('another length');
      return { data: buffer, used: engine.bytesWritten };
    } catch (error) {
      throw broken(`an object of it cannot be inflated to its ${size} bytes (${String(error)})`);
    }
  }

  #count(size: number): void {
    this.#total += size;
    if (size > MOST_OBJECT || this.#total > MOST_TOTAL) throw broken('it inflates to more than can be right');
  }

  /** Names all objects, each difference after what it is to: every one once, whatever order they are in. */
  #name(): void {
    const differences = new Map<string | number, number[]>();
    for (const [offset, { base }] of this.#entries) {
      if (base === undefined) continue;
      const others = differences.get(base);
      if (others === undefined) differences.set(base, [offset]);
      else others.push(offset);
    }
    let named = 0;
    for (const [offset, { base }] of this.#entries) {
      const todo = base === undefined ? [offset] : [];
      for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
        const { type, data } = this.#at(at);
        const name = createHash('sha1').update(`${type} ${data.length}\0`).update(data).digest('hex');
        this.#offsets.set(name, at);
        named++;
        for (const base of [name, at]) {
          for (const difference of differences.get(base) ?? []) todo.push(difference);
          differences.delete(base);
        }
      }
    }
    if (named < this.#entries.size) throw broken('it has differences to what it lacks');
  }

  #at(offset: number): GitObject {
    const deltas: { offset: number; packed: Packed }[] = [];
    let at = offset;
    let known = this.#cache.get(at);
    while (known === undefined) {
      const packed = this.#entries.get(at);
      if (packed === undefined) throw broken('it has a difference to what is no object');
      const type = TYPES[packed.type];
      if (type !== undefined) {
        known = this.#remember(at, { type, data: this.#inflate(packed).data });
        break;
      }
      deltas.push({ offset: at, packed });
      const { base = -1 } = packed;
      const next = typeof base === 'string' ? this.#offsets.get(base) : base;
      if (next === undefined || (typeof base === 'number' && next >= at))
        throw broken('it has a difference to nothing');
      at = next;
      known = this.#cache.get(at);
    }
    for (const { offset: mine, packed } of deltas.reverse()) {
      const data = applied(known.data, this.#inflate(packed).data, (size) => this.#count(size));
      known = this.#remember(mine, { type: known.type, data });
    }
    return known;
  }

  #remember(offset: number, object: GitObject): GitObject {
    this.#cache.set(offset, object);
    this.#cached += object.data.length;
    for (const [oldest, { data }] of this.#cache) {
      if (this.#cached <= CACHE_BYTES) break;
      this.#cache.delete(oldest);
      this.#cached -= data.length;
    }
    return object;
  }
}

/** The bytes that so many are deflated to at most, with room to spare (zlib.h, deflateBound). */
function mostDeflated(size: number): number {
  return size + Math.ceil(size / 16) + 1024;
}
