import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { FairleadError, messageOf } from '../../errors.ts';
import type { NetworkPolicy } from '../../network/policy.ts';
import { PATIENT, type Patience, withRetries } from '../../registry/retry.ts';
import { CopyProblem } from '../copy/copy-problem.ts';
import { keyOf, type Store } from '../store/store.ts';
import { authorization, type Secrets } from './authorization.ts';
import { type Answer, ask, failed, shown } from './request.ts';

/** What downloads work with. */
export interface Downloads {
  store: Store;
  network: NetworkPolicy;
  /** Ask for everything again. */
  noCache: boolean;
  signal?: AbortSignal;
  /** The longest file, in bytes. */
  most?: number;
  patience?: Patience;
  /** What servers want to be given. */
  secrets?: Secrets;
}

export interface Downloaded {
  /** Of the bytes, which the store keeps. */
  sha: string;
  size: number;
}

/** What is known of a URL that was downloaded before. */
interface Remembered extends Downloaded {
  etag?: string;
  lastModified?: string;
}

const MOST_BYTES = 8 * 1024 ** 3;

/**
 * Brings a file into the store. One whose `checksum` (sha256, in hexadecimal) is kept is not asked for at all; another
 * is asked for again only if the server says that it changed. Temporary faults are tried again. Throws FairleadError
 * `build/download`, `network/refused`, and CopyProblem `checksum` when the file is another.
 */
export async function download(
  url: URL,
  checksum: string | undefined,
  given: Downloads,
): Promise<Downloaded> {
  const { store, noCache, signal, patience = PATIENT } = given;
  if (checksum !== undefined && !noCache && (await store.touch(checksum)))
    return { sha: checksum, size: (await stat(store.file(checksum))).size };
  const key = keyOf(url.href);
  const known = noCache ? undefined : await store.read<Remembered>('downloads', key);
  const usable = known !== undefined && (await store.touch(known.sha)) ? known : undefined;
  const found = await withRetries(() => attempt(url, usable, given), patience, signal);
  if (checksum !== undefined && found.sha !== checksum)
    throw new CopyProblem('checksum', `the sha256 of ${shown(url)} is ${found.sha}, not ${checksum}`);
  store.write('downloads', key, found);
  return found;
}

async function attempt(url: URL, known: Remembered | undefined, given: Downloads): Promise<Remembered> {
  const { network, signal, secrets } = given;
  const asking = {
    url,
    headers: conditions(known),
    network,
    authorization: authorization('http', url, secrets),
  };
  const answer = await ask({ ...asking, ...(signal && { signal }) });
  if (answer.status === 304 && known !== undefined) {
    answer.body.destroy();
    return known;
  }
  try {
    const { sha, size } = await given.store.keep(
      Readable.from(bounded(answer, url, given.most ?? MOST_BYTES)),
    );
    const { etag, 'last-modified': lastModified } = answer.headers;
    return { sha, size, ...(etag && { etag }), ...(lastModified && { lastModified }) };
  } catch (error) {
    if (error instanceof FairleadError || signal?.aborted) throw error;
    throw failed(url, `it broke off: ${messageOf(error)}`, true, error);
  } finally {
    answer.body.destroy();
  }
}

function conditions(known: Remembered | undefined): Record<string, string> {
  if (known?.etag !== undefined) return { 'if-none-match': known.etag };
  return known?.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified };
}

async function* bounded({ headers, body }: Answer, url: URL, most: number): AsyncGenerator<Buffer> {
  const told = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  const tooLarge = () => failed(url, `it is longer than ${Math.round(most / 1024 ** 2)} MiB`, false);
  if (told !== undefined && told > most) throw tooLarge();
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > most) throw tooLarge();
    yield chunk;
  }
  if (told !== undefined && bytes !== told)
    throw failed(url, `it ended after ${bytes} of ${told} bytes`, true);
}

/** What a downloaded file is called where the destination does not say: the last name in the path (BuildKit). */
export function fileName({ pathname }: URL): string {
  let path = pathname;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    // Not escapes then.
  }
  const name = path.replace(/\/+$/, '').replace(/^.*\//s, '');
  return name === '' || name === '.' || name === '..' || name.includes('\0') ? '__unnamed__' : name;
}
