import { pipeline, Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { verifying } from '../image/digest.ts';
import type { Descriptor } from '../image/types.ts';
import type { Received } from './answer.ts';
import type { Call, Connection } from './connection.ts';
import { nonsense, redacted, unreachable } from './faults.ts';
import { delayBefore } from './retry.ts';
import { pullScope } from './scopes.ts';

/** A download that gives nothing for so many milliseconds has broken off. */
const STALLED = 60_000;

type Blob = Pick<Descriptor, 'digest' | 'size'>;

/**
 * Streams a blob out of the repository `path`. A download that breaks off goes on where it was; the stream fails
 * when the bytes are not the blob's (`image/wrong-bytes`).
 */
export function downloadBlob(
  connection: Connection,
  path: string,
  blob: Blob,
  operation: string,
  signal?: AbortSignal,
): Readable {
  const url = connection.url(`${path}/blobs/${blob.digest}`);
  const common = { operation, method: 'GET', url, scopes: [pullScope(path)], expect: [200, 206] };
  const call: Call = { ...common, ...(signal && { signal }) };
  const bytes = Readable.from(resuming(connection, call, blob.size), { objectMode: false });
  return pipeline(bytes, verifying(blob, redacted(url)), () => {});
}

async function* resuming(connection: Connection, call: Call, size: number): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (let tries = 1; offset < size; tries++) {
    try {
      for await (const chunk of bytesFrom(connection, call, offset)) {
        offset += chunk.length;
        yield chunk;
      }
      return;
    } catch (thrown) {
      const fault = unreachable(call, thrown);
      const delay = delayBefore(tries, connection.patience, fault);
      if (delay === undefined) throw fault;
      await wait(delay, undefined, { ...(call.signal && { signal: call.signal }) });
    }
  }
}

async function* bytesFrom(connection: Connection, call: Call, offset: number): AsyncGenerator<Uint8Array> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Error('the transfer stalled')), STALLED);
  try {
    const headers = offset > 0 ? { range: `bytes=${offset}-` } : undefined;
    const signal =
      call.signal === undefined ? stalled.signal : AbortSignal.any([call.signal, stalled.signal]);
    const response = await connection.call({ ...call, signal, ...(headers && { headers }) });
    let skip = offset - startOf(response, call, offset);
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      const rest = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - rest.length;
      if (rest.length > 0) yield rest;
    }
  } finally {
    clearTimeout(timer);
  }
}

// A registry need not know ranges: then it starts anew, and we pass over what we have.
function startOf(response: Received, call: Call, offset: number): number {
  if (response.status === 200) return 0;
  const start = Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
  if (start <= offset) return start;
  throw nonsense(call, 'registry/bad-answer', `it answered another range than from byte ${offset}`);
}
