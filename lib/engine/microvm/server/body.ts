import type { IncomingMessage } from 'node:http';

/** The body as text; undefined when it has more than `limit` bytes. */
export async function readText(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read and dropped, so that the answer arrives.
    if (size <= limit) chunks.push(chunk);
    else if (size > 64 * limit) return undefined;
  }
  return size > limit ? undefined : Buffer.concat(chunks).toString('utf8');
}
