import { aptContext, BIG, COPY_ONLY, type Context, MIDDLE, SMALL } from './contexts.ts';

/**
 * `cold`: nothing is kept but base images, unpacked where commands run on them. `change`: one line since the last build.
 * `same`: nothing since.
 */
export type Kind = 'cold' | 'change' | 'same';

export interface Row {
  name: string;
  title: string;
  context: Context;
  kinds: readonly Kind[];
  /** Rounds that are counted where nobody says how many. */
  rounds: number;
}

const ALL: readonly Kind[] = ['cold', 'change', 'same'];

/** @param cache survives from run to run */
export function rows(cache: string): Row[] {
  return [
    { name: 'small', title: 'small Go app', context: SMALL, kinds: ALL, rounds: 5 },
    { name: 'middle', title: 'mid-size Go app', context: MIDDLE, kinds: ALL, rounds: 3 },
    { name: 'copy', title: 'COPY only, 24 MB', context: COPY_ONLY, kinds: ALL, rounds: 5 },
    { name: 'apt', title: 'RUN apt-get install', context: aptContext(cache), kinds: ALL, rounds: 3 },
    { name: 'big', title: '2 GiB, 50,000 files', context: BIG, kinds: ALL, rounds: 1 },
  ];
}

export const TITLES: Record<Kind, string> = {
  cold: 'cold',
  change: 'one-line change',
  same: 'nothing changed',
};
