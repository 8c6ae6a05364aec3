import { pipeline } from 'node:stream/promises';
import type { Blobs, ByteRange } from './blobs.ts';
import { RegistryError } from './errors.ts';
import { answer, type Exchange } from './exchange.ts';
import type { Digest } from './names.ts';

/** HEAD, GET (with Range) and DELETE of a blob. */
export async function answerBlob(
  exchange: Exchange,
  blobs: Blobs,
  repository: string,
  digest: Digest,
): Promise<void> {
  if (exchange.request.method === 'DELETE') {
    if ((await blobs.remove(repository, digest)) === 'absent') throw unknown(repository, digest);
    return answer(exchange, 202);
  }
  const size = await blobs.size(repository, digest);
  if (size === undefined) throw unknown(repository, digest);
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
  };
  if (exchange.request.method === 'HEAD')
    return answer(exchange, 200, { ...headers, 'content-length': size });
  const range = rangeOf(exchange.request.headers.range, size);
  const length = range === undefined ? size : range.last - range.first + 1;
  exchange.response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    'content-length': length,
    ...(range === undefined ? {} : { 'content-range': `bytes ${range.first}-${range.last}/${size}` }),
  });
  await pipeline(blobs.read(repository, digest, range), exchange.response);
}

/**
 * One range of RFC 9110, section 14. What is not a single byte range is left out, as the RFC allows: the whole is sent.
 * @throws RegistryError SIZE_INVALID with 416 where the range lies outside
 */
function rangeOf(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  if (first > last) {
    throw new RegistryError('SIZE_INVALID', `the range ${header} lies outside of ${size} bytes`, {
      status: 416,
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  return { first, last };
}

function unknown(repository: string, digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', `${repository} does not hold this blob`, { detail: { digest } });
}
