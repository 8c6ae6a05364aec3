import * as z from 'zod/mini';
import { isDigest } from '../../image/digest.ts';
import type { Digest } from '../../image/types.ts';
import { insidePath, placesSchema } from './index.ts';

// What others wrote is read as if it were hostile: a record decides what is in an image.

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value));
const count = z.int().check(z.nonnegative());
const sha = z.string().check(z.regex(/^[0-9a-f]{64}$/));

const number = count.check(z.maximum(2 ** 32 - 1));
const special = z.union([
  z.object({ kind: z.literal('fifo') }),
  z.object({ kind: z.enum(['character', 'block']), major: number, minor: number }),
]);
// Nothing else: a `content` would name a file of this machine, and bring it into the image.
const node = z.strictObject({
  type: z.enum(['file', 'directory', 'symlink', 'other']),
  mode: count.check(z.maximum(0o7777)),
  uid: count,
  gid: count,
  mtime: count,
  size: count,
  link: z.optional(z.string()),
  sha: z.optional(sha),
  hardlink: z.optional(z.string()),
  capability: z.optional(z.base64()),
  special: z.optional(special),
});
const isComplete = ({ type, sha }: z.output<typeof node>) => type !== 'file' || sha !== undefined;
const complete = node.check(z.refine(isComplete, 'a file without its hash'));
const change = z.union([z.tuple([insidePath]), z.tuple([insidePath, complete])]);
const layer = z.object({
  descriptor: z.object({ mediaType: z.string(), digest, size: count }),
  diffID: digest,
});
const path = z.union([z.literal(''), insidePath]);
const row = z.tuple([
  path,
  z.enum(['f', 'd', 'l', 'h', 'o']),
  count,
  count,
  count,
  z.int(),
  count,
  z.string(),
  z.union([z.literal(''), sha]),
]);

/** A cache mount: what it looked like when it was kept, in seconds since 1970. */
const mount = z.object({ fingerprint: z.string(), keptAt: count });
export type KeptMount = z.output<typeof mount>;

/** The kinds of records that machines share. */
export type SharedKind = 'steps' | 'layers' | 'bases' | 'extracted' | 'mounts';

/** What each of them has to look like. */
export const SHARED_RECORDS: Readonly<Record<string, z.ZodMiniType>> = {
  steps: z.array(change),
  layers: layer,
  bases: z.array(row),
  extracted: sha,
  mounts: mount,
};

/** A record as its blob holds it. */
export const recordSchema = z.object({ record: z.unknown(), places: placesSchema });

/** The files that a record names, with their sizes, and the layers. */
export function filesOf(
  kind: SharedKind,
  record: unknown,
): { files: ReadonlyMap<string, number>; layers: Digest[] } {
  if (kind === 'layers') {
    const { success, data } = layer.safeParse(record);
    return { files: new Map(), layers: success ? [data.descriptor.digest] : [] };
  }
  if (kind === 'extracted') return { files: new Map([[String(record), 0]]), layers: [] };
  const files = new Map<string, number>();
  if (kind === 'steps') {
    for (const [, node] of record as KeptChange[])
      if (node?.sha !== undefined) files.set(node.sha, node.size);
  }
  return { files, layers: [] };
}

type KeptChange = [path: string, node?: { sha?: string; size: number } | null];

/** A base's rows without the names of files that only this machine has: they are in the base as well. */
export function withoutOwnFiles(rows: unknown): unknown {
  return (rows as unknown[][]).map((row) => [...row.slice(0, -1), '']);
}
