import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

export type TarEntry = Partial<Header> & { name: string } & { content?: string | Buffer };

export interface TestImage {
  layers: TarEntry[][];
  config?: Record<string, unknown>;
  compression?: 'gzip' | 'zstd' | 'none';
}

/** A registry that only answers what a pull asks, with what it was given; `requests` tells what was asked. */
export async function serveImages() {
  const manifests = new Map<string, Buffer>();
  const blobs = new Map<string, Buffer>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const [, path, what, name = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? [];
    const found = what === 'manifests' ? manifests.get(`${path}:${name}`) : blobs.get(name);
    response.statusCode = found ? 200 : 404;
    if (what === 'manifests')
      response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json');
    response.end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keep = (bytes: Buffer, mediaType: string) => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  return {
    host,
    requests,
    blobs,
    /** @returns the image's name by digest */
    async add(path: string, tag: string, { layers, config = {}, compression = 'gzip' }: TestImage) {
      const tars = await Promise.all(layers.map(tarOf));
      const image = {
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        os: 'linux',
        config,
        rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
      };
      const suffix = compression === 'none' ? '' : `+${compression}`;
      const manifest = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          config: keep(Buffer.from(JSON.stringify(image)), 'application/vnd.oci.image.config.v1+json'),
          layers: tars.map((tar) =>
            keep(compress(tar, compression), `application/vnd.oci.image.layer.v1.tar${suffix}`),
          ),
        }),
      );
      const digest = digestOf(manifest);
      manifests.set(`${path}:${tag}`, manifest);
      manifests.set(`${path}:${digest}`, manifest);
      return `${host}/${path}@${digest}`;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function tarOf(entries: TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content = '', ...header } of entries) archive.entry(header, content);
  archive.finalize();
  return buffer(archive);
}

function compress(tar: Buffer, compression: TestImage['compression']): Buffer {
  if (compression === 'none') return tar;
  return compression === 'zstd' ? zstdCompressSync(tar) : gzipSync(tar);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
