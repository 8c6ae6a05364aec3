import type { StagePlan } from '../plan/plan.ts';
import type { Node } from '../tree.ts';

/**
 * What the layers say of when something was made. `given`: the time that it has in the stage, of a base, an archive or
 * SOURCE_DATE_EPOCH. `by content`: what has none there has one made of its bytes.
 */
export type Times = 'given' | 'by content';

/** 2020-01-01: later than what zip archives can say, and the earliest of the times that are made up. */
const FIRST = 1_577_836_800;

/** Five years of seconds: the last of those times are over as well. */
const RANGE = 157_788_000;

/**
 * The mtime under which a node is published, in seconds since 1970. Web servers make the ETag of a page of its time and
 * size alone (nginx, Apache, Express): with one time for everything, a page that names another script of the same
 * length would be answered with 304 for good. A commit has no times, and the same files have to come to the same layer
 * in every commit and on every machine, so a file's time is made of its bytes, and everything else has the first one.
 */
export function publishedTime({ type, mtime, sha }: Node, times: Times): number {
  if (times === 'given' || mtime !== 0) return mtime;
  if (type !== 'file' || sha === undefined) return FIRST;
  return FIRST + (Number.parseInt(sha.slice(0, 8), 16) % RANGE);
}

/**
 * Go's net/http goes by Last-Modified alone, and answers 304 for what is not newer: half of all changes would not be seen.
 * It says nothing of a file of 1970, which is then always fetched. So an image that a stage of Go's own is built for
 * keeps that time, and what is asked for by SOURCE_DATE_EPOCH is so.
 */
export function timesOf(
  plans: readonly Pick<StagePlan, 'from'>[],
  { SOURCE_DATE_EPOCH }: Readonly<Record<string, string>> = {},
): Times {
  const isGo = plans.some(({ from: { base } }) => base.kind === 'image' && base.golang !== undefined);
  return isGo || SOURCE_DATE_EPOCH !== undefined ? 'given' : 'by content';
}
