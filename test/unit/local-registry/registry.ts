import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type Registry, type RegistryOptions, startRegistry } from '../../../local/registry/server.ts';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';

/** A registry for the tests of a file, on a folder of its own. */
export function registryForTests(options: Omit<RegistryOptions, 'stateDir'> = {}) {
  let stateDir: string;
  let registry: Registry;
  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'fairlead-registry-'));
    registry = await startRegistry({ stateDir, ...options });
  });
  afterAll(async () => {
    await registry.close();
    await rm(stateDir, { recursive: true });
  });
  const call = (method: string, path: string, init: RequestInit = {}) =>
    fetch(new URL(path, registry.url), { method, ...init });
  return {
    call,
    /** Stops the registry and starts another one on the same folder. */
    restart: async () => {
      await registry.close();
      registry = await startRegistry({ stateDir, ...options });
    },
    host: () => registry.host,
    stateDir: () => stateDir,
    /** Uploads in one request and answers the descriptor. */
    blob: async (repository: string, content: string, mediaType = 'application/octet-stream') => {
      const digest = digestOf(content);
      const { status } = await call('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, {
        body: content,
      });
      if (status !== 201) throw new Error(`upload answered ${status}`);
      return { mediaType, digest, size: Buffer.byteLength(content) };
    },
    put: (repository: string, reference: string, manifest: unknown, contentType = OCI_MANIFEST) =>
      call('PUT', `/v2/${repository}/manifests/${reference}`, {
        body: typeof manifest === 'string' ? manifest : JSON.stringify(manifest),
        headers: { 'content-type': contentType },
      }),
  };
}

export function digestOf(content: string | Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
}

/** Status and first error code, for short expectations. */
export async function faultOf(response: Response): Promise<string> {
  const { errors } = (await response.json()) as { errors: { code: string }[] };
  return `${response.status} ${errors[0]?.code}`;
}
