import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RegistryError } from './errors.ts';
import { ifThere, type Layout } from './layout.ts';
import { type Digest, partsOf } from './names.ts';

/** One upload: a file that grows, and the hash of what it holds so far. */
interface Session {
  path: string;
  size: number;
  sha256: Hash;
  /** Settles when the request that works on the session now is done: requests to one session take turns. */
  turn: Promise<unknown>;
}

const SESSION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Upload sessions. What arrived of a broken request stays, so that a client can go on from the offset; sessions
 * outlive the server, since all but the hash is on disk, and the hash can be had from there.
 */
export class Uploads {
  readonly #layout: Layout;
  readonly #sessions = new Map<string, Session>();

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Opens a session and answers its id. */
  async start(repository: string): Promise<string> {
    const id = randomUUID();
    const path = join(this.#layout.uploads(repository), id);
    await mkdir(this.#layout.uploads(repository), { recursive: true });
    await writeFile(path, '');
    this.#sessions.set(path, { path, size: 0, sha256: createHash('sha256'), turn: Promise.resolve() });
    return id;
  }

  /**
   * Runs `work` once the session is nobody else's.
   * @throws RegistryError BLOB_UPLOAD_UNKNOWN
   */
  async use<T>(repository: string, id: string, work: (upload: Upload) => Promise<T>): Promise<T> {
    const session = await this.#session(repository, id);
    const mine = session.turn.then(() => {
      if (this.#sessions.get(session.path) !== session) throw unknown(id);
      return work(new Upload(session, () => this.#sessions.delete(session.path)));
    });
    session.turn = mine.catch(() => undefined);
    return mine;
  }

  async #session(repository: string, id: string): Promise<Session> {
    if (!SESSION.test(id)) throw unknown(id);
    const path = join(this.#layout.uploads(repository), id);
    const known = this.#sessions.get(path);
    if (known !== undefined) return known;
    const file = await ifThere(stat(path));
    if (file === undefined) throw unknown(id);
    const sha256 = await hashFile(path, 'sha256');
    const recovered = { path, size: file.size, sha256, turn: Promise.resolve() };
    // Another request may have recovered it meanwhile; one of the two must win.
    const first = this.#sessions.get(path) ?? recovered;
    this.#sessions.set(path, first);
    return first;
  }
}

/** A session in the hands of the one request whose turn it is. */
export class Upload {
  readonly #session: Session;
  readonly #forget: () => void;

  constructor(session: Session, forget: () => void) {
    this.#session = session;
    this.#forget = forget;
  }

  get size(): number {
    return this.#session.size;
  }

  get path(): string {
    return this.#session.path;
  }

  /**
   * Appends `source` as it comes; memory holds one chunk at a time.
   * @param limit bytes that are accepted at most
   * @throws RegistryError SIZE_INVALID when more arrives, with nothing of the excess written
   */
  async append(source: AsyncIterable<Uint8Array>, limit = Number.POSITIVE_INFINITY): Promise<void> {
    const end = this.#session.size + limit;
    const file = await open(this.#session.path, 'r+');
    try {
      for await (const chunk of source) {
        if (this.#session.size + chunk.length > end) {
          throw new RegistryError('SIZE_INVALID', `more than the announced ${limit} bytes arrived`);
        }
        await writeAll(file, chunk, this.#session.size);
        this.#session.sha256.update(chunk);
        this.#session.size += chunk.length;
      }
    } finally {
      // Cuts off what a failed write (a full disk) left behind the last whole chunk.
      await file.truncate(this.#session.size).finally(() => file.close());
    }
  }

  /** Ends the session; its file is the caller's. @throws RegistryError DIGEST_INVALID, and the upload is gone */
  async finish(digest: Digest): Promise<void> {
    const { algorithm, hex } = partsOf(digest);
    const hash =
      algorithm === 'sha256' ? this.#session.sha256 : await hashFile(this.#session.path, algorithm);
    const actual = hash.digest('hex');
    if (actual !== hex) {
      await this.cancel();
      throw new RegistryError('DIGEST_INVALID', `the content is ${algorithm}:${actual}, not ${digest}`, {
        detail: { digest },
      });
    }
    this.#forget();
  }

  async cancel(): Promise<void> {
    this.#forget();
    await rm(this.#session.path, { force: true });
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

async function hashFile(path: string, algorithm: string): Promise<Hash> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash;
}

function unknown(id: string): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', `no upload session ${JSON.stringify(id)}`, {
    detail: { session: id },
  });
}
