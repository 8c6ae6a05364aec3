import type { Finding, Watched } from './finding.ts';
import type { CheckLook } from './types.ts';

/** Failures of one check in a row that are borne: the look in between two pods, a connection that a proxy lost. */
const BORNE = 1;

/** What the HTTP checks have answered. */
export function checkFindings({ bake, looks }: Watched): Finding[] {
  return bake.checks.flatMap(({ path }, index) => {
    // Two checks may ask for one path, with different words in the answer.
    const same = bake.checks.slice(0, index).filter((check) => check.path === path).length;
    const seen = looks.flatMap(({ checks }) => checks.filter((check) => check.path === path)[same] ?? []);
    return findings(path, seen);
  });
}

function findings(path: string, seen: readonly CheckLook[]): Finding[] {
  if (seen.length === 0) return [{ is: 'unknown', text: `GET ${path} was not asked` }];
  let reached = false;
  let inARow = 0;
  let missed: CheckLook | undefined;
  for (const look of seen) {
    // An address that nobody can reach from here says nothing; one that was reached, and is not any more, does.
    if (look.result === 'unreachable' && !reached) continue;
    reached = true;
    inARow = look.result === 'good' ? 0 : inARow + 1;
    if (inARow > 0) missed = look;
    if (inARow > BORNE)
      return [{ is: 'bad', text: `GET ${path} ${look.message}, ${times(inARow)} in a row` }];
  }
  const last = seen.at(-1);
  if (!reached) return [{ is: 'unknown', text: `GET ${path} could not be asked: ${last?.message ?? ''}` }];
  if (missed === undefined) return [];
  return inARow > 0
    ? [{ is: 'pending', text: `GET ${path} ${missed.message} at the last look` }]
    : [{ is: 'note', text: `GET ${path} failed once and was good again: it ${missed.message}` }];
}

function times(count: number): string {
  return count === 2 ? 'twice' : `${count} times`;
}
