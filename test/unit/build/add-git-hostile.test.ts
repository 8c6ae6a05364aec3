import { createHash } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchGit } from '../../../lib/build/add/git.ts';
import { filesOf } from '../../../lib/build/add/git-objects.ts';
import { GitPack } from '../../../lib/build/add/git-pack.ts';
import { fetchObject } from '../../../lib/build/add/git-protocol.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const TYPES = { commit: 1, tree: 2, blob: 3, difference: 7 } as const;

function hashOf(type: keyof typeof TYPES, data: Buffer): Buffer {
  return createHash('sha1').update(`${type} ${data.length}\0`).update(data).digest();
}

/** An object as packs have it (gitformat-pack); `base` is what a difference is to. */
function packed(type: keyof typeof TYPES, data: Buffer, base: Buffer = Buffer.alloc(0)): Buffer {
  const head: number[] = [];
  let byte = (TYPES[type] << 4) | (data.length & 15);
  for (let rest = data.length >> 4; rest > 0; rest >>= 7) {
    head.push(byte | 128);
    byte = rest & 127;
  }
  return Buffer.concat([Buffer.from([...head, byte]), base, deflateSync(data)]);
}

function packOf(objects: readonly Buffer[]): Buffer {
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  head.writeUInt32BE(objects.length, 8);
  const body = Buffer.concat([head, ...objects]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

function treeOf(mode: string, names: readonly string[], object: Buffer): Buffer {
  return Buffer.concat(names.map((name) => Buffer.concat([Buffer.from(`${mode} ${name}\0`), object])));
}

/** A commit of these files, all in its root. */
function commitOf(tree: Buffer): { name: string; object: Buffer } {
  const data = Buffer.from(`tree ${hashOf('tree', tree).toString('hex')}\n\n`);
  return { name: hashOf('commit', data).toString('hex'), object: packed('commit', data) };
}

function read(pack: Buffer): GitPack {
  const file = join(scratch.directory(), 'pack');
  writeFileSync(file, pack);
  return new GitPack(file);
}

describe('a pack of a hostile server', () => {
  it('has no more files than a repository can have, however often one directory is in another', () => {
    const blob = Buffer.from('x');
    const names = [...'abcdefghij'];
    const objects = [packed('blob', blob)];
    let tree: Buffer = treeOf('100644', names, hashOf('blob', blob));
    for (let depth = 0; depth < 12; depth++) {
      objects.push(packed('tree', tree));
      tree = treeOf('40000', names, hashOf('tree', tree));
    }
    const commit = commitOf(tree);
    const pack = read(packOf([...objects, packed('tree', tree), commit.object]));
    expect(() => filesOf(pack, commit.name)).toThrow('more than 1000000 files');
  }, 30_000);

  it('is read in time that grows with it, whatever the order of its differences', () => {
    let data: Buffer = Buffer.from('0');
    const objects = [packed('blob', data)];
    for (let number = 1; number < 12_000; number++) {
      const next = Buffer.from(String(number));
      const difference = Buffer.concat([Buffer.from([data.length, next.length, next.length]), next]);
      objects.push(packed('difference', difference, hashOf('blob', data)));
      data = next;
    }
    expect(read(packOf(objects.reverse())).names).toHaveLength(12_000);
  }, 15_000);
});

describe('a .gitmodules of a hostile server', () => {
  const list = Buffer.from(
    `${'\n'.repeat(100_000)}[s]\npath = x${' '.repeat(100_000)}y\n[t]\n path = "b"\n url = c\n`,
  );
  const tree = Buffer.concat([
    treeOf('100644', ['.gitmodules'], hashOf('blob', list)),
    treeOf('160000', ['a', 'b'], Buffer.alloc(20, 1)),
  ]);
  const commit = commitOf(tree);
  const pack = packOf([packed('blob', list), packed('tree', tree), commit.object]);
  const line = (text: string | Buffer) => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
  };
  const server = createServer((request, response) => {
    if (request.method === 'GET')
      response.end(Buffer.concat([line(`${commit.name} HEAD\0\n`), Buffer.from('0000')]));
    else
      response.end(
        Buffer.concat([
          line('NAK\n'),
          ...pieces(pack).map((one) => line(Buffer.concat([Buffer.from([1]), one]))),
        ]),
      );
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => server.close());

  it('is read in time that grows with it', async () => {
    const remote = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.git`;
    const given = {
      store: new Store(scratch.directory()),
      network: { refuse: 'nothing' as const },
      noCache: false,
    };
    await expect(fetchGit({ transport: 'http', remote }, 0, given)).rejects.toThrow(
      'the address of its submodule b cannot be read: c',
    );
  }, 15_000);
});

describe('a pack that is large', () => {
  const PIECES = 80;
  const piece = Buffer.alloc(65_516, 7);
  piece[0] = 1;
  const line = Buffer.concat([Buffer.from('fff0'), piece]);
  const file = join(scratch.directory(), 'pack');
  const isThere = () => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > (PIECES / 4) * 65_000;
  const server = createServer(async (_, response) => {
    const half = Buffer.concat(Array(PIECES / 2).fill(line));
    response.write(half);
    while (!isThere()) await sleep(5);
    response.end(Buffer.concat([half, Buffer.from('0000')]));
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => server.close());

  it('is written to disk as it comes', async () => {
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a.git`);
    const signal = AbortSignal.timeout(10_000);
    await fetchObject({ url, network: { refuse: 'nothing' }, signal }, 'a'.repeat(40), 0, file);
    expect(statSync(file).size).toBe(PIECES * 65_515);
  }, 15_000);
});

function pieces(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / 60_000) }, (_, at) =>
    bytes.subarray(at * 60_000, (at + 1) * 60_000),
  );
}
