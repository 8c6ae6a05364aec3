import * as z from 'zod/mini';
import { FairleadError } from '../errors.ts';
import { isDigest } from './digest.ts';
import { INDEX_TYPES, MANIFEST_TYPES } from './media-types.ts';
import type { Digest, ImageConfig, Index, Manifest } from './types.ts';

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value));
const annotations = z.optional(z.record(z.string(), z.string()));
const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.optional(z.string()) });
const descriptor = z.object({
  mediaType: z.string(),
  digest,
  size: z.int().check(z.nonnegative()),
  annotations,
  platform: z.optional(platform),
});
const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  artifactType: z.optional(z.string()),
  config: descriptor,
  layers: z.array(descriptor),
  annotations,
});
// A platform that is null, or a digest we cannot verify, is no reason to refuse the other manifests of an index.
const indexSchema = z.object({
  schemaVersion: z.literal(2),
  manifests: z.array(z.unknown()),
  annotations,
});
const nullish = <T extends z.ZodMiniType>(schema: T) =>
  z.pipe(
    z.nullish(schema),
    z.transform((value) => value ?? undefined),
  );
const text = nullish(z.string());
const strings = nullish(z.array(z.string()));
const emptyObject = z.pipe(
  z.nullable(z.object({})),
  z.transform(() => ({})),
);
const emptyObjects = nullish(z.record(z.string(), emptyObject));
const runConfigSchema = z.looseObject({
  Env: strings,
  Entrypoint: strings,
  Cmd: strings,
  Shell: strings,
  OnBuild: strings,
  ExposedPorts: emptyObjects,
  Volumes: emptyObjects,
  Labels: nullish(z.record(z.string(), z.string())),
  User: text,
  WorkingDir: text,
  StopSignal: text,
});
const configSchema = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  variant: text,
  created: text,
  config: nullish(runConfigSchema),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: nullish(z.array(digest)) }),
  history: nullish(z.array(z.looseObject({}))),
});

/** What a registry answers to a reference: one image, or an index of one for each platform. */
export type Parsed = { kind: 'manifest'; manifest: Manifest } | { kind: 'index'; index: Index };

/**
 * Reads a manifest or an index. What it is tells its own `mediaType`, or `contentType` where it has none (the OCI's
 * may leave it out). `place` is for the error. Throws `image/bad-manifest`, `image/unsupported-manifest`.
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined, place: string): Parsed {
  const json = parseJson(bytes, place, 'manifest');
  const own = typeof json.mediaType === 'string' ? json.mediaType : undefined;
  const mediaType = own ?? contentType?.split(';')[0]?.trim() ?? '';
  if (INDEX_TYPES.includes(mediaType)) {
    const index = check(indexSchema, json, place, 'index');
    const manifests = index.manifests.flatMap((one) => descriptor.safeParse(one).data ?? []);
    return { kind: 'index', index: { ...index, manifests, mediaType } };
  }
  if (MANIFEST_TYPES.includes(mediaType)) {
    return { kind: 'manifest', manifest: { ...check(manifestSchema, json, place, 'manifest'), mediaType } };
  }
  throw new FairleadError({
    code: 'image/unsupported-manifest',
    operation: 'reading an image',
    place,
    cause: `the manifest is of media type ${JSON.stringify(mediaType)}`,
    remedy: 'publish the image again with a tool that writes OCI or Docker schema 2 manifests',
  });
}

/** Reads an image's config. Docker's writers put null where a list is empty: that is read as left out. */
export function parseConfig(bytes: Uint8Array, place: string): ImageConfig {
  const config = check(configSchema, parseJson(bytes, place, 'config'), place, 'config');
  return { ...config, rootfs: { type: 'layers', diff_ids: config.rootfs.diff_ids ?? [] } } as ImageConfig;
}

/** Deeper than anything has a use for; what is written out again later would run out of stack. */
const DEEPEST = 64;

function depthOf(value: unknown): number {
  let deepest = 0;
  const open: [value: unknown, depth: number][] = [[value, 0]];
  for (let next = open.pop(); next !== undefined && deepest <= DEEPEST; next = open.pop()) {
    const [one, depth] = next;
    if (one === null || typeof one !== 'object') continue;
    deepest = Math.max(deepest, depth + 1);
    for (const inner of Object.values(one)) open.push([inner, depth + 1]);
  }
  return deepest;
}

function parseJson(bytes: Uint8Array, place: string, what: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    const isObject = json !== null && typeof json === 'object' && !Array.isArray(json);
    if (isObject && depthOf(json) <= DEEPEST) return json as Record<string, unknown>;
  } catch {
    // The error below tells it.
  }
  throw badManifest(place, `the ${what} is not a JSON object of a bearable depth`);
}

function check<T>(schema: z.ZodMiniType<T>, json: unknown, place: string, what: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badManifest(
    place,
    `the ${what} is malformed at ${issue?.path.join('.') || 'its top'}: ${issue?.message}`,
  );
}

function badManifest(place: string, cause: string): FairleadError {
  return new FairleadError({
    code: 'image/bad-manifest',
    operation: 'reading an image',
    place,
    cause,
    remedy: 'see whether the address is that of a registry, and publish the image there again',
  });
}
