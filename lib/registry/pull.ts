import { buffer } from 'node:stream/consumers';
import { digestOf, isDigest, verifyBytes } from '../image/digest.ts';
import { INDEX_TYPES, MANIFEST_TYPES, ociLayerType } from '../image/media-types.ts';
import { choosePlatform, renderPlatform } from '../image/platform.ts';
import { type Reference, repositoryOf } from '../image/reference.ts';
import type { Descriptor, Digest, Image, Manifest, Platform } from '../image/types.ts';
import { readUpTo } from './answer.ts';
import { briefly, type Call, type Connection } from './connection.ts';
import { downloadBlob } from './download.ts';
import { nonsense, redacted } from './faults.ts';
import { type Patience, withRetries } from './retry.ts';
import { pullScope } from './scopes.ts';

// OCI distribution specification, "Pushing Manifests": 4 MiB is what registries should take at least.
const LARGEST_MANIFEST = 4 * 1024 * 1024;
const LARGEST_CONFIG = 8 * 1024 * 1024;

/** Several times what Docker and overlayfs can put on top of one another. */
const MOST_LAYERS = 1_000;

/** Platforms that an error lists. */
const MOST_OFFERED = 20;

/** A repository that is asked for an image, and what for. */
// Only now: it brings zod along, and a build whose base is known asks for no image.
const parsing = () => import('../image/parse.ts');

export interface Pull {
  connection: Connection;
  path: string;
  operation: string;
  patience: Patience;
  signal?: AbortSignal;
}

/**
 * Reads manifest and config of the image for `platform`; the layers' bytes stay where they are until they are opened.
 * Everything is verified against its digest, and that of a tag against what the registry says it is.
 */
export async function pullImage(
  connection: Connection,
  reference: Reference,
  platform: Platform,
  { patience = connection.patience, signal }: { patience?: Patience; signal?: AbortSignal } = {},
): Promise<Image> {
  const operation = `pulling ${repositoryOf(reference)}`;
  const pull: Pull = { connection, path: reference.path, operation, patience, ...(signal && { signal }) };
  const { digest, manifest, manifestBytes } = await findManifest(pull, reference, platform);
  const configBytes = await pullConfig(pull, manifest.config);
  const { parseConfig } = await parsing();
  const config = parseConfig(configBytes, manifest.config.digest);
  const asked = manifestCall(pull, digest);
  if (config.rootfs.diff_ids.length !== manifest.layers.length) {
    throw nonsense(
      asked,
      'registry/bad-answer',
      'the config has not as many diffIDs as the manifest has layers',
    );
  }
  if (manifest.layers.length > MOST_LAYERS) {
    const cause = `the image has ${manifest.layers.length} layers; ${MOST_LAYERS} is the most there may be`;
    throw nonsense(asked, 'registry/too-large', cause, 'use another image');
  }
  const layers = manifest.layers.map((descriptor, at) => {
    ociLayerType(descriptor.mediaType); // refused here rather than when the layer is needed
    return {
      descriptor,
      diffID: config.rootfs.diff_ids[at] as Digest,
      open: async () => downloadBlob(connection, reference.path, descriptor, operation),
      source: repositoryOf({ host: connection.host, path: reference.path }),
    };
  });
  return { digest, manifest, manifestBytes, config, configBytes, layers };
}

interface Found {
  digest: Digest;
  manifest: Manifest;
  manifestBytes: Uint8Array;
}

async function findManifest(pull: Pull, { tag, digest }: Reference, platform: Platform): Promise<Found> {
  const first = await fetchManifest(pull, digest ?? tag ?? 'latest');
  if (first.kind === 'manifest') return found(first);
  const chosen = choosePlatform(first.index.manifests, platform);
  if (chosen === undefined) {
    const offered = first.index.manifests.flatMap((one) =>
      one.platform ? [renderPlatform(one.platform).slice(0, 60)] : [],
    );
    throw nonsense(
      manifestCall(pull, digest ?? tag ?? 'latest'),
      'registry/no-such-platform',
      `the image is not there for ${renderPlatform(platform)}, only for ${[...new Set(offered)].slice(0, MOST_OFFERED).join(', ')}`,
      'choose another image or another platform',
    );
  }
  const second = await fetchManifest(pull, chosen.digest);
  if (second.kind === 'manifest') return found(second);
  throw nonsense(manifestCall(pull, chosen.digest), 'registry/bad-answer', 'the index lists another index');
}

function found({ digest, manifest, bytes }: { digest: Digest; manifest: Manifest; bytes: Buffer }): Found {
  return { digest, manifest, manifestBytes: bytes };
}

/** Reads the manifest or index of this tag or digest. */
export async function fetchManifest(pull: Pull, name: string) {
  const call = manifestCall(pull, name);
  return withRetries(
    async () => {
      const response = await pull.connection.call({ ...call, signal: briefly(pull.signal) });
      const bytes = await readUpTo(LARGEST_MANIFEST, response, call);
      const place = redacted(call.url);
      const told = isDigest(name) ? name : response.headers.get('docker-content-digest');
      const actual = digestOf(bytes);
      const { parseManifest } = await parsing();
      if (told !== null && isDigest(told)) verifyBytes(bytes, told, place);
      return {
        digest: actual,
        bytes,
        ...parseManifest(bytes, response.headers.get('content-type') ?? '', place),
      };
    },
    pull.patience,
    pull.signal,
  );
}

function manifestCall({ connection, path, operation }: Pull, name: string): Call {
  return {
    operation,
    method: 'GET',
    url: connection.url(`${path}/manifests/${name}`),
    scopes: [pullScope(path)],
    headers: { accept: [...INDEX_TYPES, ...MANIFEST_TYPES].join(', ') },
    expect: [200],
  };
}

async function pullConfig(
  { connection, path, operation, signal }: Pull,
  descriptor: Descriptor,
): Promise<Buffer> {
  if (descriptor.size > LARGEST_CONFIG) {
    const url = connection.url(`${path}/blobs/${descriptor.digest}`);
    const cause = `the image's config is ${descriptor.size} bytes long; ${LARGEST_CONFIG} is the most there may be`;
    throw nonsense({ operation, method: 'GET', url }, 'registry/too-large', cause);
  }
  return buffer(downloadBlob(connection, path, descriptor, operation, signal));
}
