import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { FairleadError } from '../errors.ts';
import type { Release } from '../release/types.ts';
import { bounded } from './bounded.ts';
import { ABSENT, type Attributes, EXPIRES, type Table } from './table.ts';
import type { Course, Environment, RolledBack, Verdict } from './types.ts';

/** Bytes from which on resources are compressed, and that they may have in the end: an item holds 400 KB. */
const PLAIN = 300_000;
const LARGEST = 380_000;

/** A release as the history tells it, without its resources. */
export interface PastRelease extends Course {
  number: number;
  commit: string;
  image: string;
  createdAt: string;
  /** The number of the release whose content this one brings back. */
  brings?: number;
  /** Absent while it is under way. */
  verdict?: Verdict;
  /** It was good, and then was not any more. */
  rolledBack?: RolledBack;
}

/** The releases of all environments, each an item that never changes but for its verdict and its expiry. */
export class Releases {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async get(environment: Environment, number: number): Promise<Release | undefined> {
    const item = await this.#table.get(environment, releaseKey(number));
    return item && (await fromItem(item));
  }

  /** Keeps the release, or answers the one that was kept under its number before. */
  async keep(environment: Environment, release: Release): Promise<Release> {
    const item = await toItem(release);
    if (await this.#table.put(environment, releaseKey(release.number), item, ABSENT)) return release;
    return (await this.get(environment, release.number)) ?? release;
  }

  /** Records a verdict, where there is none yet. `expires`: seconds since the epoch. */
  async judge(environment: Environment, number: number, verdict: Verdict, expires?: number): Promise<void> {
    const expiring = expires === undefined ? {} : { ':expires': expires };
    await this.#table.update(environment, releaseKey(number), {
      UpdateExpression: `SET verdict = :verdict${expires === undefined ? '' : `, ${EXPIRES} = :expires`}`,
      ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(verdict) OR verdict = :verdict)',
      ExpressionAttributeValues: { ':verdict': verdict, ...expiring },
    });
  }

  /** Keeps what became of the release so far, in the place of what was kept of it before. */
  async note(environment: Environment, number: number, course: Course): Promise<void> {
    const { changes, phases } = bounded(course);
    const set = [...(changes ? ['changes = :changes'] : []), ...(phases ? ['phases = :phases'] : [])];
    if (set.length === 0) return;
    await this.#table.update(environment, releaseKey(number), {
      UpdateExpression: `SET ${set.join(', ')}`,
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: {
        ...(changes && { ':changes': changes }),
        ...(phases && { ':phases': phases }),
      },
    });
  }

  /** Notes that the release is not good any more, and lets it go in time. */
  async takeBack(environment: Environment, number: number, why: RolledBack, expires: number): Promise<void> {
    await this.#table.update(environment, releaseKey(number), {
      UpdateExpression: `SET rolledBack = if_not_exists(rolledBack, :why), ${EXPIRES} = :expires`,
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':why': why, ':expires': expires },
    });
  }

  async expire(environment: Environment, number: number, expires: number): Promise<void> {
    await this.#table.update(environment, releaseKey(number), {
      UpdateExpression: `SET ${EXPIRES} = :expires`,
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':expires': expires },
    });
  }

  async expireAll(environment: Environment, expires: number): Promise<void> {
    const all = await this.#table.last(environment, 'release#', Number.POSITIVE_INFINITY, ['number']);
    for (const { number } of all) await this.expire(environment, Number(number), expires);
  }

  /** The last releases, the newest first. */
  async history(environment: Environment, limit: number): Promise<PastRelease[]> {
    const attributes = [
      ...['number', 'commit', 'image', 'createdAt', 'brings'],
      ...['verdict', 'changes', 'phases', 'rolledBack'],
    ];
    return (await this.#table.last(environment, 'release#', limit, attributes)) as unknown as PastRelease[];
  }
}

/** Sort key: so padded, releases sort by number. */
function releaseKey(number: number): string {
  return `release#${String(number).padStart(8, '0')}`;
}

/** @throws FairleadError `ledger/release-too-large` */
async function toItem(release: Release): Promise<Attributes> {
  const { number, app, environment, namespace, commit, image, createdAt, brings, ...content } = release;
  const told = { number, app, environment, namespace, commit, image, createdAt };
  const rest = brings === undefined ? told : { ...told, brings };
  const text = JSON.stringify(content);
  const hash = createHash('sha256').update(text).digest('hex');
  if (Buffer.byteLength(text) <= PLAIN) return { ...rest, hash, content: text };
  const packed = await promisify(gzip)(text);
  if (packed.length <= LARGEST) return { ...rest, hash, packedContent: packed };
  throw new FairleadError({
    code: 'ledger/release-too-large',
    operation: `keeping release ${release.number} of ${release.app}`,
    cause: `its resources have ${packed.length} bytes even compressed, ${LARGEST} are possible`,
    remedy: 'keep large data out of ConfigMaps and annotations',
  });
}

/** The release that `item` was made from: it is only written by {@link toItem}. */
async function fromItem(item: Attributes): Promise<Release> {
  const { number, app, environment, namespace, commit, image, createdAt, brings } =
    item as unknown as Release;
  const packed = item.packedContent as Uint8Array | undefined;
  const text = packed === undefined ? (item.content as string) : (await promisify(gunzip)(packed)).toString();
  const content = JSON.parse(text) as Omit<
    Release,
    'number' | 'app' | 'environment' | 'namespace' | 'commit'
  >;
  const told = { number, app, environment, namespace, commit, image, createdAt };
  return { ...content, ...told, ...(brings !== undefined && { brings }) };
}
