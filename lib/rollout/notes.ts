import type { Contested } from '../kube/conflict.ts';
import type { Settled } from '../kube/write.ts';

/** What became of fields that somebody else had set, one line each, each once. */
export function notesOn({ left, taken }: Settled): string[] {
  return [
    ...new Set([
      ...taken.map((one) => `${one.field}, which ${whoAndWhen(one)}, is as the release says again`),
      ...left.map(({ field, manager }) => `${field} stays as ${manager} has set it`),
    ]),
  ];
}

function whoAndWhen({ manager, since }: Contested): string {
  return `${manager} had set${since === undefined ? '' : ` at ${since}`}`;
}
