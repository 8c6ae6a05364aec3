import { setTimeout as wait } from 'node:timers/promises';
import { parseRepository } from '../image/reference.ts';
import type { Digest } from '../image/types.ts';
import { discard } from './answer.ts';
import { bytesFrom, type Openable } from './blob-body.ts';
import { briefly, type Call, type Connection } from './connection.ts';
import { nonsense, RegistryError } from './faults.ts';
import { delayBefore, withRetries } from './retry.ts';
import { publishScope, pullScope } from './scopes.ts';

/** Up to this size a blob is sent along with the request that ends its upload: one round trip less. */
const SMALL = 8 * 1024 * 1024;

/** A blob that has to be in the repository. */
export interface Blob extends Openable {
  /** A repository that has it, as `host[:port]/path`. */
  source?: string;
}

/** The repository that is published to. */
export interface Target {
  connection: Connection;
  path: string;
  operation: string;
  signal?: AbortSignal;
}

/** How a blob came to be in the repository: it was there, was mounted from another one, or was sent. */
export type Arrival = 'skipped' | 'mounted' | 'uploaded';

/** An upload session: where to send the next bytes, and how many the registry has. */
interface Session {
  url: URL;
  offset: number;
}

/** Sees to it that the repository has the blob, with as few bytes as that takes. */
export async function deliverBlob(target: Target, blob: Blob): Promise<Arrival> {
  if (await hasBlob(target, blob.descriptor.digest)) return 'skipped';
  const started = await mountOrStart(target, blob);
  if (started === 'mounted') return started;
  await upload(target, blob, started);
  return 'uploaded';
}

/** Whether the repository has a blob. */
export async function hasBlob(target: Target, digest: Digest): Promise<boolean> {
  const { connection, path, signal } = target;
  const call = callTo(target, 'HEAD', connection.url(`${path}/blobs/${digest}`), [200, 404]);
  return withRetries(
    async () => (await connection.call({ ...call, signal: briefly(signal) })).status === 200,
    connection.patience,
    signal,
  );
}

// OCI distribution specification, "Mounting a blob from another repository": 202 means no, and has started an upload.
async function mountOrStart(target: Target, blob: Blob): Promise<'mounted' | Session> {
  const from = mountableFrom(target, blob);
  if (from === undefined) return start(target);
  const { connection, path, signal } = target;
  const url = connection.url(`${path}/blobs/uploads/`);
  url.searchParams.set('mount', blob.descriptor.digest);
  url.searchParams.set('from', from);
  const call = callTo(target, 'POST', url, [201, 202], [pullScope(from)]);
  try {
    return await withRetries(
      async () => {
        const response = await connection.call({ ...call, signal: briefly(signal) });
        await discard(response);
        return response.status === 201 ? 'mounted' : { url: connection.location(response, call), offset: 0 };
      },
      connection.patience,
      signal,
    );
  } catch (error) {
    // A registry that does not let us mount may still let us upload.
    if (error instanceof RegistryError && error.status !== undefined && !error.temporary)
      return start(target);
    throw error;
  }
}

function mountableFrom({ connection, path }: Target, { source }: Blob): string | undefined {
  if (source === undefined) return undefined;
  const from = parseRepository(source);
  return from.host === connection.host && from.path !== path ? from.path : undefined;
}

async function start(target: Target): Promise<Session> {
  const { connection, path, signal } = target;
  const call = callTo(target, 'POST', connection.url(`${path}/blobs/uploads/`), [202]);
  return withRetries(
    async () => {
      const response = await connection.call({ ...call, signal: briefly(signal) });
      await discard(response);
      return { url: connection.location(response, call), offset: 0 };
    },
    connection.patience,
    signal,
  );
}

async function upload(target: Target, blob: Blob, first: Session): Promise<void> {
  let session = first;
  for (let tries = 1; ; tries++) {
    try {
      await send(target, blob, session);
      return;
    } catch (thrown) {
      const error = lostSession(thrown) ?? thrown;
      const delay = delayBefore(tries, target.connection.patience, error);
      if (delay === undefined) throw error;
      await wait(delay, undefined, { ...(target.signal && { signal: target.signal }) });
      // The answer may be what was lost.
      if (await hasBlob(target, blob.descriptor.digest)) return;
      session = (await resume(target, session)) ?? (await start(target));
    }
  }
}

// Registries forget sessions, and restart without them: a new one will do.
function lostSession(error: unknown): RegistryError | undefined {
  if (!(error instanceof RegistryError) || (error.status !== 404 && error.status !== 416)) return undefined;
  return new RegistryError({ ...error.fault, temporary: true }, error, { cause: error });
}

async function send(target: Target, blob: Blob, session: Session): Promise<void> {
  const { digest, size } = blob.descriptor;
  let { url } = session;
  const isWhole = session.offset === 0 && size <= SMALL;
  if (!isWhole && session.offset < size) url = await sendBytes(target, blob, session);
  const last = new URL(url);
  last.searchParams.set('digest', digest);
  const call = callTo(target, 'PUT', last, [201, 204]);
  const body = isWhole ? bodyOf(blob, 0) : { headers: { 'content-length': '0' } };
  const response = await target.connection.call({ ...call, ...body });
  await discard(response);
  const told = response.headers.get('docker-content-digest');
  if (told !== null && told !== digest) {
    throw nonsense(call, 'registry/wrong-digest', `it stored the blob ${digest} as ${told}`);
  }
}

// The first bytes are sent without Content-Range, as docker does: not every registry knows chunks.
async function sendBytes(target: Target, blob: Blob, { url, offset }: Session): Promise<URL> {
  const call = callTo(target, 'PATCH', url, [202, 201, 204]);
  const { headers, body } = bodyOf(blob, offset);
  const range: Record<string, string> = {};
  if (offset > 0) range['content-range'] = `${offset}-${blob.descriptor.size - 1}`;
  const response = await target.connection.call({ ...call, headers: { ...headers, ...range }, body });
  await discard(response);
  return target.connection.location(response, call);
}

function bodyOf(blob: Blob, offset: number) {
  return {
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(blob.descriptor.size - offset),
    },
    body: async () => bytesFrom(blob, offset),
  };
}

/** Asks how far an interrupted upload came; undefined when there is nothing to go on with. */
async function resume(target: Target, { url }: Session): Promise<Session | undefined> {
  const call = callTo(target, 'GET', url, [204]);
  try {
    const response = await target.connection.call({ ...call, signal: briefly(target.signal) });
    const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(response.headers.get('range') ?? '')?.[1] ?? 0);
    // `0-0` is said of one byte and, by docker's registry, of none.
    return last === 0 ? undefined : { url: target.connection.location(response, call), offset: last + 1 };
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}

function callTo(target: Target, method: string, url: URL, expect: number[], scopes: string[] = []): Call {
  const { operation, path, signal } = target;
  return {
    operation,
    method,
    url,
    scopes: [publishScope(path), ...scopes],
    expect,
    ...(signal && { signal }),
  };
}
