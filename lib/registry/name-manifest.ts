import { INDEX_TYPES, MANIFEST_TYPES } from '../image/media-types.ts';
import type { Digest } from '../image/types.ts';
import { discard } from './answer.ts';
import { briefly, type Call } from './connection.ts';
import { nonsense, RegistryError } from './faults.ts';
import { withRetries } from './retry.ts';
import { publishScope } from './scopes.ts';
import type { Target } from './upload.ts';

/** A manifest or an index as it is sent. */
export interface ManifestBytes {
  digest: Digest;
  mediaType: string;
  bytes: Uint8Array;
}

/** The names under which the repository does not have this digest yet. */
export async function namesWithout(
  target: Target,
  names: readonly string[],
  digest: Digest,
): Promise<string[]> {
  const missing = await Promise.all(
    names.map(async (name) => ((await digestUnder(target, name)) === digest ? [] : [name])),
  );
  return missing.flat();
}

/**
 * Puts a manifest under each of `names`. A tag that has another one, and may not change its meaning there, is left to
 * that; the manifest then gets a tag with its digest behind it.
 */
export async function nameManifest(
  target: Target,
  manifest: ManifestBytes,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    if (!(await putName(target, manifest, name)))
      await putManifest(target, manifest, ownName(name, manifest));
  }
}

// Not by the digest alone: what has no tag is cleaned up where caches are replaced, and this may be running.
function ownName(name: string, { digest }: ManifestBytes): string {
  return `${name.slice(0, 100)}-${digest.slice('sha256:'.length, 'sha256:'.length + 16)}`;
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

/** Answers whether the manifest has the name now; not so when that is another's for good, as ECR words it. */
async function putName(target: Target, manifest: ManifestBytes, name: string): Promise<boolean> {
  try {
    await putManifest(target, manifest, name);
    return true;
  } catch (error) {
    const isTaken = error instanceof RegistryError && error.registryCode === 'TAG_INVALID';
    if (isTaken && /already exists.*immutable/.test(error.fault.cause)) return false;
    throw error;
  }
}

async function putManifest(target: Target, manifest: ManifestBytes, name: string): Promise<void> {
  const { connection, signal } = target;
  const call: Call = {
    ...manifestCall(target, 'PUT', name, [201]),
    headers: { 'content-type': manifest.mediaType },
    body: async () => manifest.bytes,
  };
  const response = await withRetries(
    () => connection.call({ ...call, signal: briefly(signal) }),
    connection.patience,
    signal,
  );
  await discard(response);
  const told = response.headers.get('docker-content-digest');
  if (told === null || told === manifest.digest) return;
  throw nonsense(call, 'registry/wrong-digest', `it stored the manifest ${manifest.digest} as ${told}`);
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
