import { type Asked, nonsense, unreachable } from './faults.ts';

/**
 * What was received for a request: the part of the Fetch standard's Response that this folder needs. The first real one
 * makes Node load all of undici, for which a small build has no time.
 */
export interface Received {
  readonly status: number;
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  readonly headers: { get(name: string): string | null };
  /** Whoever reads to its end gives the connection back; whoever does not, cancels it. */
  readonly body: (AsyncIterable<Uint8Array> & { cancel(): Promise<void> }) | null;
}

/** The bytes of an answer, up to `limit`. Throws `registry/too-large` beyond it, without reading on. */
export async function readUpTo(limit: number, response: Received, asked: Asked): Promise<Buffer> {
  const tooLarge = () =>
    nonsense(asked, 'registry/too-large', `the answer is larger than ${limit} bytes, the most there may be`);
  if (Number(response.headers.get('content-length') ?? 0) > limit && asked.method !== 'HEAD') {
    await response.body?.cancel();
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > limit) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (thrown) {
    throw unreachable(asked, thrown);
  }
  return Buffer.concat(chunks);
}

/** Reads what is left of an answer, so that its connection can be used again. */
export async function discard(response: Received): Promise<void> {
  await readText(response);
}

/** The beginning of an answer's text; an answer that breaks off is as good as its first part. */
export async function readText(response: Received): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > 64 * 1024) break;
    }
  } catch {
    // What came is enough for an error's text, and it was for nothing else.
  }
  return Buffer.concat(chunks).toString('utf8');
}
