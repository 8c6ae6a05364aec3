import type { Counts } from './counts.ts';
import { type Load, loads } from './loads.ts';

/** The limit that is used up most, where functions build. */
export function firstToBreak(all: readonly Load[]): Load & { used: number } {
  const used = all.flatMap((load) =>
    load.only !== undefined || load.limit === 'unknown' ? [] : [{ ...load, used: load.peak / load.limit }],
  );
  return used.reduce((worst, load) => (load.used > worst.used ? load : worst));
}

/** Pushes a month at which the first limit that is not the installation's own is reached, to two digits. */
export function ceiling(counts: Counts): { perMonth: number; load: Load } {
  let perMonth = 1000;
  for (;;) {
    const foreign = loads(counts, perMonth).filter(({ source }) => !source.startsWith('lib/'));
    const worst = firstToBreak(foreign);
    if (worst.used >= 1 || perMonth > 5_000_000)
      return { perMonth: Number(perMonth.toPrecision(2)), load: worst };
    perMonth = Math.ceil(perMonth * 1.25);
  }
}
