import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { FairleadError } from '../errors.ts';
import type { Release } from '../release/types.ts';
import type { Attributes } from './table.ts';

/** Bytes from which on resources are compressed, and that they may have in the end: an item holds 400 KB. */
const PLAIN = 300_000;
const LARGEST = 380_000;

/** Sort key: so padded, releases sort by number. */
export function releaseKey(number: number): string {
  return `release#${String(number).padStart(8, '0')}`;
}

/** @throws FairleadError `ledger/release-too-large` */
export async function toItem(release: Release): Promise<Attributes> {
  const { resources, ...rest } = release;
  const text = JSON.stringify(resources);
  const hash = createHash('sha256').update(text).digest('hex');
  if (Buffer.byteLength(text) <= PLAIN) return { ...rest, hash, resources: text };
  const packed = await promisify(gzip)(text);
  if (packed.length <= LARGEST) return { ...rest, hash, packedResources: packed };
  throw new FairleadError({
    code: 'ledger/release-too-large',
    operation: `keeping release ${release.number} of ${release.app}`,
    cause: `its resources have ${packed.length} bytes even compressed, ${LARGEST} are possible`,
    remedy: 'keep large data out of ConfigMaps and annotations',
  });
}

/** The release that `item` was made from: it is only written by {@link toItem}. */
export async function fromItem(item: Attributes): Promise<Release> {
  const { number, app, environment, namespace, commit, image, port, createdAt } = item as unknown as Release;
  const packed = item.packedResources as Uint8Array | undefined;
  const text =
    packed === undefined ? (item.resources as string) : (await promisify(gunzip)(packed)).toString();
  const resources = JSON.parse(text) as Release['resources'];
  return { number, app, environment, namespace, commit, image, port, resources, createdAt };
}
