import type { AlarmLook } from '../bake/types.ts';
import type { Change } from './diff.ts';

/**
 * What was known before a claim changed anything. It is kept in the inventory, in the write that comes before all others:
 * an `apply` that was cut off after it is asked for again, and finds what it has changed itself, and the alarms that it
 * has set off.
 */
export interface Begun {
  fence: number;
  changes: readonly Change[];
  /** The alarms of the release; absent where they could not be read. */
  before?: readonly AlarmLook[];
}

/** Characters of JSON: as much of the changes as a release's record has room for. */
const ROOM = 12_000;

/**
 * `begun` as text that fits beside an inventory. Of the alarms, those that rang are kept: what was quiet, or not there,
 * is held against a release in the same way.
 */
export function textOf({ fence, changes, before }: Begun): string {
  const kept: Change[] = [];
  let size = 0;
  for (const change of changes) {
    size += JSON.stringify(change).length;
    if (size > ROOM) break;
    kept.push(change);
  }
  const more = changes.length - kept.length;
  if (more > 0) kept.push({ object: `… and ${more} more objects`, is: 'changed', fields: [] });
  const rang = before
    ?.filter(({ state }) => state === 'ALARM')
    .map(({ name, state, since }) => ({ name, state, ...(since !== undefined && { since }) }));
  return JSON.stringify({ fence, changes: kept, ...(rang && { before: rang }) } satisfies Begun);
}

/** What {@link textOf} has written; undefined for what a person has made of it. */
export function begunIn(text: string | undefined): Begun | undefined {
  if (text === undefined) return undefined;
  try {
    const begun = JSON.parse(text) as Partial<Begun> | null;
    const isWhole = typeof begun?.fence === 'number' && Array.isArray(begun.changes);
    return isWhole ? (begun as Begun) : undefined;
  } catch {
    return undefined;
  }
}
