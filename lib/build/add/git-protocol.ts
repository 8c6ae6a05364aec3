import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { NetworkPolicy } from '../../network/policy.ts';
import { CopyProblem } from '../copy/copy-problem.ts';
import { ask, failed, shown } from './request.ts';

/** A repository that is fetched from over HTTP (gitprotocol-http). */
export interface GitRemote {
  url: URL;
  network: NetworkPolicy;
  authorization?: string | undefined;
  signal?: AbortSignal;
}

/** What a ref names; of an annotated tag also the commit that it leads to. */
export interface Named {
  object: string;
  peeled?: string;
}

/** What a server has: refs by their name, `HEAD` among them. */
export interface Advertised {
  /** Of the protocol. */
  version: 0 | 2;
  refs: ReadonlyMap<string, Named>;
}

/** The longest pack, and the longest list of refs, in bytes. */
const MOST_PACK = 512 * 1024 ** 2;
const MOST_REFS = 64 * 1024 ** 2;

const DELIMITER = '0001';
const FLUSH = '0000';

/**
 * Asks a server for its refs, those that begin with one of `prefixes` where it can choose. Throws FairleadError
 * `build/download`, CopyProblem `bad-git`.
 */
export async function listRefs(remote: GitRemote, prefixes: readonly string[]): Promise<Advertised> {
  const lines = await Array.fromAsync(
    read(remote, 'info/refs?service=git-upload-pack', undefined, MOST_REFS),
  );
  const texts = lines.flatMap((line) =>
    typeof line === 'string' ? [] : [line.toString('utf8').replace(/\n$/, '')],
  );
  if (texts[0]?.startsWith('# service=') === true) texts.shift();
  if (texts[0] === undefined) throw failed(remote.url, 'it is no git repository', false);
  if (texts.some((text) => /\bobject-format=sha256\b/.test(text)))
    throw new CopyProblem(
      'bad-git',
      `${shown(remote.url)} names its objects by sha256, which is not supported`,
    );
  if (texts[0] !== 'version 2')
    return { version: 0, refs: refsOf(texts.map((text) => text.replace(/\0.*$/s, ''))) };
  const wanted = prefixes.map((prefix) => packet(`ref-prefix ${prefix}\n`)).join('');
  const body = `${packet('command=ls-refs\n')}${packet('agent=fairlead\n')}${DELIMITER}${packet('peel\n')}${wanted}${FLUSH}`;
  const answer = await Array.fromAsync(read(remote, 'git-upload-pack', body, MOST_REFS));
  return {
    version: 2,
    refs: refsOf(answer.flatMap((line) => (typeof line === 'string' ? [] : [String(line)]))),
  };
}

function refsOf(lines: readonly string[]): Map<string, Named> {
  const refs = new Map<string, Named>();
  for (const line of lines) {
    const [, object, told = '', rest = ''] = /^([0-9a-f]{40}) (\S+)(.*)/s.exec(line) ?? [];
    if (object === undefined) continue;
    const name = told.replace(/\^\{\}$/, '');
    const before = refs.get(name);
    const peeled = name === told ? /\bpeeled:([0-9a-f]{40})/.exec(rest)?.[1] : object;
    refs.set(name, { object: before?.object ?? object, ...(peeled === undefined ? {} : { peeled }) });
  }
  return refs;
}

/**
 * Fetches one commit, or a tag of one, with all its files and without its history, as a pack that is written to `file` as
 * it comes. Throws as `listRefs`.
 */
export async function fetchObject(
  remote: GitRemote,
  name: string,
  version: 0 | 2,
  file: string,
): Promise<void> {
  const body =
    version === 2
      ? `${packet('command=fetch\n')}${packet('agent=fairlead\n')}${DELIMITER}${packet('no-progress\n')}${packet('ofs-delta\n')}${packet(`want ${name}\n`)}${packet('deepen 1\n')}${packet('done\n')}${FLUSH}`
      : `${packet(`want ${name} side-band-64k ofs-delta no-progress agent=fairlead\n`)}${packet('deepen 1\n')}${FLUSH}${packet('done\n')}`;
  const lines = read(remote, 'git-upload-pack', body, MOST_PACK);
  await pipeline(packIn(lines, remote.url, version), createWriteStream(file, { flags: 'wx' }));
}

/** The bytes of the pack among the lines of an answer (gitprotocol-pack, "Packfile Data"). */
async function* packIn(lines: AsyncIterable<Line>, url: URL, version: 0 | 2): AsyncGenerator<Buffer> {
  let isPack = version === 0;
  for await (const line of lines) {
    if (typeof line === 'string') continue;
    if (!isPack) isPack = String(line) === 'packfile\n';
    else if (line[0] === 1) yield line.subarray(1);
    else if (line[0] === 3) throw failed(url, `the server says: ${line.toString('utf8', 1).trim()}`, false);
  }
}

/** Lines with their length in front (gitprotocol-common, "pkt-line"); a special one is a text. */
type Line = Buffer | 'flush' | 'delimiter' | 'end';

async function* read(
  remote: GitRemote,
  path: string,
  body: string | undefined,
  most: number,
): AsyncGenerator<Line> {
  const { url, network, signal, authorization } = remote;
  const address = new URL(url);
  address.pathname = `${url.pathname.replace(/\/+$/, '')}/${path.replace(/\?.*$/, '')}`;
  address.search = path.replace(/^[^?]*/, '');
  const type = { 'content-type': 'application/x-git-upload-pack-request' };
  const answer = await ask({
    url: address,
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'git-protocol': 'version=2', ...(body === undefined ? {} : type) },
    network,
    authorization,
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
    ...(signal && { signal }),
  });
  async function* bounded() {
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > most) throw failed(url, `it sends more than ${Math.round(most / 1024 ** 2)} MiB`, false);
      yield chunk;
    }
  }
  yield* linesOf(bounded(), url);
}

/** A line has 65,520 bytes at most, so that little is held at a time. */
async function* linesOf(chunks: AsyncIterable<Buffer>, url: URL): AsyncGenerator<Line> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    let at = 0;
    for (let length = lengthAt(bytes, at, url); length !== undefined; length = lengthAt(bytes, at, url)) {
      const line = length < 4 ? (SPECIAL[length] as Line) : bytes.subarray(at + 4, at + length);
      if (Buffer.isBuffer(line) && line.toString('latin1', 0, 4) === 'ERR ')
        throw failed(url, `the server says: ${line.toString('utf8', 4).trim()}`, false);
      yield line;
      at += Math.max(length, 4);
    }
    bytes = bytes.subarray(at);
  }
  if (bytes.length > 0) throw failed(url, 'it does not speak git', false);
}

const SPECIAL = ['flush', 'delimiter', 'end'] as const;

/** What the line at `at` has in bytes, its length included; undefined when not all of it has come. */
function lengthAt(bytes: Buffer, at: number, url: URL): number | undefined {
  if (bytes.length < at + 4) return undefined;
  const head = bytes.toString('latin1', at, at + 4);
  const length = /^[0-9a-f]{4}$/i.test(head) ? Number.parseInt(head, 16) : 3;
  if (length === 3) throw failed(url, 'it does not speak git', false);
  return bytes.length < at + length ? undefined : length;
}

function packet(text: string): string {
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text;
}
