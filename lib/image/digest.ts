import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { FairleadError } from '../errors.ts';
import type { Descriptor, Digest } from './types.ts';

/** The digest of bytes at hand. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Whether `text` is a digest that we can verify: SHA-256, in lower case. */
export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/**
 * Passes a blob's bytes on and fails, at the latest before its end, when they are not `expected`: more than its
 * size (at once), fewer, or of another digest. `place` is where the bytes come from. Error `image/wrong-bytes`.
 */
export function verifying(expected: Pick<Descriptor, 'digest' | 'size'>, place: string): Transform {
  const hash = createHash('sha256');
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      size += chunk.length;
      if (size > expected.size) {
        done(wrongBytes(expected, place, `more than its ${expected.size} bytes`));
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      if (size < expected.size) {
        done(wrongBytes(expected, place, `only ${size} of its ${expected.size} bytes`));
        return;
      }
      const digest = `sha256:${hash.digest('hex')}`;
      done(digest === expected.digest ? null : wrongBytes(expected, place, `bytes with digest ${digest}`));
    },
  });
}

/** The same check for bytes at hand. Throws `image/wrong-bytes`. */
export function verifyBytes(bytes: Uint8Array, digest: Digest, place: string): void {
  const actual = digestOf(bytes);
  if (actual !== digest) throw wrongBytes({ digest }, place, `bytes with digest ${actual}`);
}

function wrongBytes({ digest }: { digest: Digest }, place: string, what: string): FairleadError {
  return new FairleadError({
    code: 'image/wrong-bytes',
    operation: `reading ${digest}`,
    place,
    cause: `what was asked for by its digest came as ${what}`,
    remedy: 'the copy there is damaged or was tampered with: publish the image there again',
  });
}
