import { FairleadError, messageOf } from '../errors.ts';
import type { Descriptor, OpenBlob } from '../image/types.ts';

/** A blob that can be opened as often as sending it takes. */
export interface Openable {
  descriptor: Pick<Descriptor, 'digest' | 'size'>;
  open: OpenBlob;
}

/**
 * A blob's bytes from `offset` on, as the body of a request. It is opened when the first bytes are asked for, so that
 * nothing stays open when the connection fails before. Faults of reading are told apart from those of the connection:
 * FairleadError `image/unreadable-blob`.
 */
export async function* bytesFrom({ descriptor, open }: Openable, offset: number): AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  let at = 0;
  try {
    for await (const chunk of (await open()) as AsyncIterable<Buffer>) {
      const rest = chunk.subarray(Math.max(0, Math.min(offset - at, chunk.length)));
      at += chunk.length;
      if (at > size) break;
      if (rest.length > 0) yield rest;
    }
  } catch (error) {
    throw error instanceof FairleadError ? error : unreadable(digest, messageOf(error));
  }
  if (at !== size) throw unreadable(digest, `it does not have its ${size} bytes`);
}

function unreadable(digest: string, cause: string): FairleadError {
  return new FairleadError({
    code: 'image/unreadable-blob',
    operation: 'publishing an image',
    place: digest,
    cause: `the blob to send cannot be read: ${cause}`,
    remedy: 'build the image again',
  });
}
