import type { Authorize } from './authorize.ts';
import type { Blobs } from './blobs.ts';
import { RegistryError } from './errors.ts';
import { answer, bodyOf, type Exchange } from './exchange.ts';
import { type Digest, digestOf, isDigest, isRepositoryName } from './names.ts';
import type { Upload, Uploads } from './uploads.ts';

interface Stores {
  blobs: Blobs;
  uploads: Uploads;
  authorize: Authorize;
}

/** POST: a mount, a whole blob in one request, or a new session. */
export async function answerUploads(exchange: Exchange, stores: Stores, repository: string): Promise<void> {
  const { query } = exchange;
  const mounted = await mount(exchange, stores, repository);
  if (mounted !== undefined) return created(exchange, repository, mounted);
  const digest = query.has('digest') ? digestOf(query.get('digest')) : undefined;
  const id = await stores.uploads.start(repository);
  if (digest === undefined) return status(exchange, 202, repository, id, 0);
  await stores.uploads.use(repository, id, async (upload) => {
    try {
      await upload.append(bodyOf(exchange), announced(exchange));
    } catch (error) {
      // Nobody learnt the session's name, so nobody can go on with it.
      await upload.cancel();
      throw error;
    }
    await finish(stores.blobs, repository, upload, digest);
  });
  created(exchange, repository, digest);
}

/** GET, PATCH, PUT and DELETE of a session. */
export async function answerUpload(
  exchange: Exchange,
  { blobs, uploads }: Stores,
  repository: string,
  id: string,
): Promise<void> {
  const { method } = exchange.request;
  // A bad digest must not cost the client what it has sent so far.
  const digest = method === 'PUT' ? digestOf(exchange.query.get('digest')) : undefined;
  await uploads.use(repository, id, async (upload) => {
    if (method === 'GET') return status(exchange, 204, repository, id, upload.size);
    if (method === 'DELETE') {
      await upload.cancel();
      return answer(exchange, 204);
    }
    await append(exchange, upload, repository, id);
    if (digest === undefined) return status(exchange, 202, repository, id, upload.size);
    await finish(blobs, repository, upload, digest);
    created(exchange, repository, digest);
  });
}

/** The digest that was mounted; `undefined` sends the client to an upload, as the specification has it. */
async function mount(
  { query, request }: Exchange,
  { blobs, authorize }: Stores,
  repository: string,
): Promise<Digest | undefined> {
  const digest = query.get('mount');
  const from = query.get('from');
  if (!isDigest(digest) || from === null || !isRepositoryName(from)) return undefined;
  if ((await authorize(request.headers.authorization, 'pull', from)) !== 'allowed') return undefined;
  return (await blobs.mount(from, repository, digest)) === 'mounted' ? digest : undefined;
}

async function append(exchange: Exchange, upload: Upload, repository: string, id: string): Promise<void> {
  const header = exchange.request.headers['content-range'];
  const start = upload.size;
  const range = header === undefined ? undefined : chunkRange(header);
  if (range === 'malformed' || (range !== undefined && range.first !== start)) {
    throw new RegistryError('BLOB_UPLOAD_INVALID', `the chunk ${header} does not follow ${start} bytes`, {
      status: 416,
      headers: sessionHeaders(repository, id, start),
    });
  }
  const length = range === undefined ? announced(exchange) : range.last - range.first + 1;
  if (range !== undefined && (announced(exchange) ?? length) !== length) {
    throw new RegistryError('SIZE_INVALID', `Content-Range ${header} and Content-Length differ`);
  }
  await upload.append(bodyOf(exchange), length);
  if (length !== undefined && upload.size !== start + length) {
    throw new RegistryError('SIZE_INVALID', `${upload.size - start} of ${length} announced bytes arrived`);
  }
}

/** `<first>-<last>`, inclusive; some clients write it as HTTP does, with the unit in front and the total behind. */
function chunkRange(header: string): { first: number; last: number } | 'malformed' {
  const match = /^(?:bytes[ =])?(\d+)-(\d+)(?:\/(?:\d+|\*))?$/.exec(header);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  // An empty chunk is written as 0--1 or left out; here it can only be left out.
  return match === null || last < first ? 'malformed' : { first, last };
}

function announced({ request }: Exchange): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

async function finish(blobs: Blobs, repository: string, upload: Upload, digest: Digest): Promise<void> {
  await upload.finish(digest);
  await blobs.adopt(repository, digest, upload.path);
}

function created(exchange: Exchange, repository: string, digest: Digest): void {
  answer(exchange, 201, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest });
}

function status(exchange: Exchange, code: number, repository: string, id: string, size: number): void {
  answer(exchange, code, sessionHeaders(repository, id, size));
}

/** Where to go on, and what is there. Nothing yet is also `0-0`, as clients expect it of every registry. */
function sessionHeaders(repository: string, id: string, size: number): Record<string, string> {
  return {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, size - 1)}`,
    'docker-upload-uuid': id,
  };
}
