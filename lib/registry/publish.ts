import { Readable } from 'node:stream';
import { INDEX_TYPES, MANIFEST_TYPES } from '../image/media-types.ts';
import { repositoryOf } from '../image/reference.ts';
import type { Descriptor, Digest, Image } from '../image/types.ts';
import { discard } from './answer.ts';
import { briefly, type Call, type Connection } from './connection.ts';
import { nonsense, RegistryError } from './faults.ts';
import { inParallel } from './in-parallel.ts';
import { withRetries } from './retry.ts';
import { publishScope } from './scopes.ts';
import { type Arrival, type Blob, deliverBlob, type Target } from './upload.ts';

/** What a publishing came to, in bytes; the three kinds make up the total. */
export interface Published {
  digest: Digest;
  uploadedBytes: number;
  mountedBytes: number;
  skippedBytes: number;
  totalBytes: number;
}

/** One blob, or at last the manifest, is where it belongs. */
export interface PublishEvent {
  what: 'blob' | 'manifest';
  arrival: Arrival;
  digest: Digest;
  size: number;
}

const BLOBS_AT_ONCE = 4;

/**
 * Puts an image into a repository under each of `tags`, or under its digest alone where there are none. The manifest
 * comes last, so that nothing is ever referenced before it is there; what is there already is not sent again. A tag that
 * has another image, and may not change its meaning there, is left to that: the digest names the image all the same.
 */
export async function publishImage(
  connection: Connection,
  path: string,
  image: Image,
  tags: readonly string[],
  onProgress: (event: PublishEvent) => void = () => {},
  signal?: AbortSignal,
): Promise<Published> {
  const operation = `publishing ${repositoryOf({ host: connection.host, path })}`;
  const target: Target = { connection, path, operation, ...(signal && { signal }) };
  const sum = { uploaded: 0, mounted: 0, skipped: 0 };
  const note = (event: PublishEvent) => {
    sum[event.arrival] += event.size;
    onProgress(event);
  };
  const names = tags.length > 0 ? tags : [image.digest];
  const missing = await namesWithout(target, names, image.digest);
  const isThere = missing.length < names.length;
  if (isThere) for (const { descriptor } of blobsOf(image)) note(eventOf('blob', 'skipped', descriptor));
  else await deliverBlobs(target, image, note);
  let isTaken = false;
  for (const name of missing) isTaken = !(await putName(target, image, name)) || isTaken;
  if (isTaken) await putManifest(target, image, image.digest);
  const manifest = { digest: image.digest, size: image.manifestBytes.length };
  note(eventOf('manifest', isThere ? 'skipped' : 'uploaded', manifest));
  return {
    digest: image.digest,
    uploadedBytes: sum.uploaded,
    mountedBytes: sum.mounted,
    skippedBytes: sum.skipped,
    totalBytes: sum.uploaded + sum.mounted + sum.skipped,
  };
}

function eventOf(what: PublishEvent['what'], arrival: Arrival, of: Pick<Descriptor, 'digest' | 'size'>) {
  return { what, arrival, digest: of.digest, size: of.size };
}

function blobsOf({ layers, manifest, configBytes }: Image): Blob[] {
  const config: Blob = {
    descriptor: manifest.config,
    open: async () => Readable.from([configBytes]),
  };
  return [...new Map([...layers, config].map((blob) => [blob.descriptor.digest, blob])).values()];
}

async function deliverBlobs(
  target: Target,
  image: Image,
  note: (event: PublishEvent) => void,
): Promise<void> {
  await inParallel(blobsOf(image), BLOBS_AT_ONCE, target.signal, async (blob, signal) => {
    note(eventOf('blob', await deliverBlob({ ...target, signal }, blob), blob.descriptor));
  });
}

/** The names under which the repository does not have this digest yet. */
async function namesWithout(target: Target, names: readonly string[], digest: Digest): Promise<string[]> {
  const missing = await Promise.all(
    names.map(async (name) => ((await digestUnder(target, name)) === digest ? [] : [name])),
  );
  return missing.flat();
}

async function digestUnder(target: Target, name: string): Promise<string | undefined> {
  const { connection, signal } = target;
  const headers = { accept: [...MANIFEST_TYPES, ...INDEX_TYPES].join(', ') };
  const call = { ...manifestCall(target, 'HEAD', name, [200, 404]), headers };
  return withRetries(
    async () => {
      const response = await connection.call({ ...call, signal: briefly(signal) });
      return response.ok ? (response.headers.get('docker-content-digest') ?? undefined) : undefined;
    },
    connection.patience,
    signal,
  );
}

/** Answers whether the image has the name now; not so when that is another image's for good, as ECR words it. */
async function putName(target: Target, image: Image, name: string): Promise<boolean> {
  try {
    await putManifest(target, image, name);
    return true;
  } catch (error) {
    const isTaken = error instanceof RegistryError && error.registryCode === 'TAG_INVALID';
    if (isTaken && /already exists.*immutable/.test(error.fault.cause)) return false;
    throw error;
  }
}

async function putManifest(target: Target, image: Image, name: string): Promise<void> {
  const { connection, signal } = target;
  const call: Call = {
    ...manifestCall(target, 'PUT', name, [201]),
    headers: { 'content-type': image.manifest.mediaType },
    body: async () => image.manifestBytes,
  };
  const response = await withRetries(
    () => connection.call({ ...call, signal: briefly(signal) }),
    connection.patience,
    signal,
  );
  await discard(response);
  const told = response.headers.get('docker-content-digest');
  if (told === null || told === image.digest) return;
  throw nonsense(call, 'registry/wrong-digest', `it stored the manifest ${image.digest} as ${told}`);
}

function manifestCall(
  { connection, path, operation }: Target,
  method: string,
  name: string,
  expect: number[],
) {
  const url = connection.url(`${path}/manifests/${name}`);
  return { operation, method, url, scopes: [publishScope(path)], expect };
}
