import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { type Descriptor, manifestTypes } from './manifest.ts';
import type { Place } from './reference.ts';

/** What a registry of the local cloud answers in its own words; everything is plain HTTP and needs no credentials. */
export class PullError extends Error {
  /** The gRPC code that containerd would give it. */
  readonly kind: 'NotFound' | 'Unknown';

  constructor(kind: 'NotFound' | 'Unknown', message: string) {
    super(message);
    this.name = 'PullError';
    this.kind = kind;
  }
}

export interface FetchedManifest {
  digest: string;
  mediaType: string;
  text: string;
}

/** Reads a manifest and checks that it is what its digest says. @throws PullError */
export async function fetchManifest(place: Place, version: string): Promise<FetchedManifest> {
  const response = await request(place, `manifests/${version}`, manifestTypes.join(', '));
  const bytes = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (version.startsWith('sha256:') && version !== digest)
    throw new PullError('Unknown', `manifest ${version} has the digest ${digest}`);
  return { digest, mediaType: response.headers['content-type'] ?? '', text: bytes.toString() };
}

/** The blob's bytes as they are stored; the stream fails at its end when they do not have the digest. */
export async function* fetchBlob(place: Place, { digest }: Descriptor): AsyncGenerator<Buffer> {
  const response = await request(place, `blobs/${digest}`, '*/*');
  const hash = createHash('sha256');
  for await (const chunk of response as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = `sha256:${hash.digest('hex')}`;
  if (actual !== digest) throw new PullError('Unknown', `blob ${digest} has the digest ${actual}`);
}

async function request({ host, path }: Place, what: string, accept: string): Promise<IncomingMessage> {
  let url = new URL(`http://${host}/v2/${path}/${what}`);
  for (let redirects = 0; redirects < 5; redirects += 1) {
    const response = await open(url, accept);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) return response;
    response.resume();
    if (statusCode >= 300 && statusCode < 400 && headers.location) url = new URL(headers.location, url);
    else if (statusCode === 404) throw new PullError('NotFound', 'not found');
    else throw new PullError('Unknown', `unexpected status from GET request to ${url}: ${statusCode}`);
  }
  throw new PullError('Unknown', `too many redirects from ${host}`);
}

function open(url: URL, accept: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { accept }, agent: false, timeout: 30_000 }, resolve)
      .on('timeout', function (this: { destroy(error: Error): void }) {
        this.destroy(new Error('i/o timeout'));
      })
      .on('error', (error: NodeJS.ErrnoException) => {
        const cause =
          error.code === 'ECONNREFUSED' ? `dial tcp ${url.host}: connect: connection refused` : error.message;
        reject(new PullError('Unknown', `failed to do request: Get "${url}": ${cause}`));
      });
  });
}
