import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingMessage['headers'];
}

export type Script = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

interface Fault {
  matches: (seen: Seen) => boolean;
  times: number;
  script: Script;
}

const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * A registry in memory that does as the OCI distribution specification says, until a test scripts it to do otherwise.
 * It remembers every request.
 */
export class ScriptedRegistry {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { type: string; bytes: Buffer }>();
  readonly uploads = new Map<string, Buffer>();
  readonly seen: Seen[] = [];
  /** Answers the challenge for a request that is not allowed. */
  guard: (seen: Seen) => string | undefined = () => undefined;
  readonly #faults: Fault[] = [];
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  static async start(): Promise<ScriptedRegistry> {
    const registry = new ScriptedRegistry();
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The next `times` requests of this method and path get what `script` answers. */
  on(method: string, path: RegExp, script: Script, times = Number.POSITIVE_INFINITY): void {
    this.#faults.push({ matches: (seen) => seen.method === method && path.test(seen.url), times, script });
  }

  /** Requests seen, as `GET /v2/…`. */
  lines(pattern = /./): string[] {
    return this.seen.map(({ method, url }) => `${method} ${url}`).filter((line) => pattern.test(line));
  }

  /** Whether the repository has a blob of these bytes, as they are. */
  has(repository: string, bytes: Buffer): boolean {
    return this.blobs.get(`${repository}@${sha256(bytes)}`)?.equals(bytes) ?? false;
  }

  addBlob(repository: string, bytes: Buffer): string {
    const digest = sha256(bytes);
    this.blobs.set(`${repository}@${digest}`, bytes);
    return digest;
  }

  addManifest(repository: string, name: string, type: string, bytes: Buffer): string {
    const digest = sha256(bytes);
    for (const key of [name, digest]) this.manifests.set(`${repository}:${key}`, { type, bytes });
    return digest;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const seen = { method, url, headers };
    this.seen.push(seen);
    const challenge = this.guard(seen);
    if (challenge !== undefined) {
      await readAll(request);
      return end(response, 401, { 'www-authenticate': challenge }, error('UNAUTHORIZED'));
    }
    const fault = this.#faults.find(({ matches, times }) => times > 0 && matches(seen));
    if (fault !== undefined) {
      fault.times--;
      await fault.script(request, response);
      return;
    }
    const { pathname, searchParams } = new URL(url, 'http://registry');
    const [, repository = '', kind, name = ''] =
      /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests)\/(.*)$/.exec(pathname) ?? [];
    if (kind === 'blobs')
      this.#blob(response, method, this.blobs.get(`${repository}@${name}`), headers.range);
    else if (kind === 'manifests') await this.#manifest(request, response, repository, name);
    else if (kind === 'blobs/uploads') await this.#upload(request, response, repository, name, searchParams);
    else end(response, 404);
  }

  #blob(
    response: ServerResponse,
    method: string,
    bytes: Buffer | undefined,
    range: string | undefined,
  ): void {
    if (bytes === undefined) {
      end(response, 404, {}, error('BLOB_UNKNOWN'));
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const part = bytes.subarray(from);
    const headers = {
      'content-length': part.length,
      'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
    };
    end(response, from > 0 ? 206 : 200, headers, method === 'HEAD' ? undefined : part);
  }

  async #manifest(request: IncomingMessage, response: ServerResponse, repository: string, name: string) {
    if (request.method === 'PUT') {
      const bytes = await readAll(request);
      const digest = this.addManifest(repository, name, request.headers['content-type'] ?? '', bytes);
      const { config, layers, manifests } = JSON.parse(bytes.toString()) as {
        config: { digest: string };
        layers: { digest: string }[];
        manifests?: { digest: string }[];
      };
      const missing =
        manifests === undefined
          ? [config, ...layers].some((one) => !this.blobs.has(`${repository}@${one.digest}`))
          : manifests.some((one) => !this.manifests.has(`${repository}:${one.digest}`));
      if (missing) return end(response, 400, {}, error('MANIFEST_BLOB_UNKNOWN'));
      return end(response, 201, { 'docker-content-digest': digest });
    }
    const found = this.manifests.get(`${repository}:${name}`);
    if (found === undefined) return end(response, 404, {}, error('MANIFEST_UNKNOWN'));
    const headers = {
      'content-type': found.type,
      'content-length': found.bytes.length,
      'docker-content-digest': sha256(found.bytes),
    };
    end(response, 200, headers, request.method === 'HEAD' ? undefined : found.bytes);
  }

  async #upload(
    request: IncomingMessage,
    response: ServerResponse,
    repository: string,
    id: string,
    query: URLSearchParams,
  ) {
    if (request.method === 'POST') {
      const mount = query.get('mount');
      const mounted = this.blobs.get(`${query.get('from')}@${mount}`);
      if (mounted !== undefined) {
        this.blobs.set(`${repository}@${mount}`, mounted);
        return end(response, 201, { location: `/v2/${repository}/blobs/${mount}` });
      }
      const started = randomUUID();
      this.uploads.set(started, Buffer.alloc(0));
      return end(response, 202, { location: `/v2/${repository}/blobs/uploads/${started}?_state=secret` });
    }
    const sofar = this.uploads.get(id);
    if (sofar === undefined) return end(response, 404, {}, error('BLOB_UPLOAD_UNKNOWN'));
    const location = `/v2/${repository}/blobs/uploads/${id}?_state=secret`;
    if (request.method === 'GET') {
      return end(response, 204, { location, range: `0-${Math.max(0, sofar.length - 1)}` });
    }
    const from = /^(\d+)-\d+$/.exec(request.headers['content-range'] ?? '')?.[1];
    if (from !== undefined && Number(from) !== sofar.length) return end(response, 416);
    await this.#receive(request, id);
    const bytes = this.uploads.get(id) as Buffer;
    if (request.method === 'PATCH') {
      return end(response, 202, { location, range: `0-${bytes.length - 1}` });
    }
    if (sha256(bytes) !== query.get('digest')) return end(response, 400, {}, error('DIGEST_INVALID'));
    this.uploads.delete(id);
    this.addBlob(repository, bytes);
    end(response, 201, { 'docker-content-digest': sha256(bytes) });
  }

  // What came before a connection broke is kept.
  async #receive(request: IncomingMessage, id: string): Promise<void> {
    for await (const chunk of request) {
      this.uploads.set(id, Buffer.concat([this.uploads.get(id) as Buffer, chunk as Buffer]));
    }
  }

  /** A script that takes `bytes` of an upload and then cuts the connection. */
  cutAfter(bytes: number): Script {
    return async (request) => {
      const id = /uploads\/([^?]+)/.exec(request.url ?? '')?.[1] as string;
      const parts: Buffer[] = [];
      for await (const chunk of request) {
        parts.push(chunk as Buffer);
        if (parts.reduce((sum, part) => sum + part.length, 0) >= bytes) break;
      }
      const kept = Buffer.concat(parts).subarray(0, bytes);
      this.uploads.set(id, Buffer.concat([this.uploads.get(id) as Buffer, kept]));
      request.socket.destroy();
    };
  }
}

/** A script that reads the request and answers so. */
export function answering(
  status: number,
  headers: Record<string, string | number> = {},
  body?: string | Buffer,
): Script {
  return async (request, response) => {
    await readAll(request);
    end(response, status, headers, body);
  };
}

/** A script that ends the connection without an answer. */
export const droppingIt: Script = (request) => {
  request.socket.destroy();
};

/** The body of a registry's error. */
export function error(code: string, message = 'because'): string {
  return JSON.stringify({ errors: [{ code, message }] });
}

function end(response: ServerResponse, status: number, headers = {}, body?: string | Buffer): void {
  response.writeHead(status, headers).end(body);
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
