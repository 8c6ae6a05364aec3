import type { PastRelease } from './releases.ts';
import type { BadCommit, LastGood } from './types.ts';

/** The release that a rollback goes back to, or why there is none. */
export type Target = { is: 'found'; good: LastGood } | { is: 'none'; why: string };

/**
 * Chooses among `past` releases, the newest first: `to`, or the last that was good before the one that `goes`. Good is
 * what came to the end of its bake, and whose commit is not on record as bad.
 */
export function targetAmong(
  past: readonly PastRelease[],
  bad: readonly BadCommit[],
  { goes, to }: { goes?: PastRelease | undefined; to?: number | undefined },
): Target {
  const fault = (release: PastRelease) => faultOf(release, bad, goes);
  if (to !== undefined) {
    const wanted = past.find(({ number }) => number === to);
    const why = wanted === undefined ? `there is no release ${to} on record` : fault(wanted);
    return why === undefined && wanted ? found(wanted) : { is: 'none', why: why ?? '' };
  }
  const good = past.find((release) => fault(release) === undefined);
  if (good !== undefined) return found(good);
  const before = goes === undefined ? 'no release' : `no release before ${goes.number}`;
  return {
    is: 'none',
    why: `there is nothing to go back to: ${before} was good, by a commit that is not bad`,
  };
}

function faultOf(
  { number, commit, verdict, rolledBack }: PastRelease,
  bad: readonly BadCommit[],
  goes: PastRelease | undefined,
): string | undefined {
  if (verdict?.is !== 'live') {
    const how = verdict === undefined ? 'did not come to its end' : endOf(verdict);
    return `release ${number} was never good: it ${how}`;
  }
  if (commit === goes?.commit) return `release ${number} has the commit that runs now`;
  const mark = bad.find((each) => each.commit === commit);
  if (mark !== undefined)
    return `the commit of release ${number} is on record as bad (${mark.reason}); forgive it first`;
  // Its commit was forgiven: it may be tried again by a push, and is nothing to fall back on.
  return rolledBack === undefined ? undefined : `release ${number} was rolled back: ${rolledBack.reason}`;
}

function endOf(verdict: Exclude<NonNullable<PastRelease['verdict']>, { is: 'live' }>): string {
  if (verdict.is === 'superseded') return 'was superseded';
  return verdict.is === 'unknown' ? `ended as unknown (${verdict.reason})` : `failed (${verdict.reason})`;
}

function found({ number, commit, verdict }: PastRelease): Target {
  const url = verdict?.is === 'live' ? verdict.url : undefined;
  return { is: 'found', good: { release: number, commit, ...(url === undefined ? {} : { url }) } };
}
