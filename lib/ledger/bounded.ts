import type { Change } from '../rollout/diff.ts';
import type { Course } from './types.ts';

/** Characters of JSON that all changes of a release may have: the rest of its item is its resources. */
const ROOM = 12_000;
/** Fields of one object, and characters of one line. */
const FIELDS = 20;
const LINE = 320;
/** Phases, and notes of each. */
const PHASES = 30;

/** A release's course with no more in it than its record has room for; what is left out is counted. Pure. */
export function bounded({ changes, phases }: Course): Course {
  return {
    ...(changes && { changes: changesWithin(changes) }),
    ...(phases && {
      phases: phases.slice(-PHASES).map(({ bake, ...phase }) => ({
        ...phase,
        ...(bake && {
          bake: {
            ...bake,
            ...('reason' in bake && { reason: cut(bake.reason, 500) }),
            notes: bake.notes.slice(0, 5).map((note) => cut(note, LINE)),
          },
        }),
      })),
    }),
  };
}

function changesWithin(changes: readonly Change[]): Change[] {
  const kept: Change[] = [];
  let size = 0;
  for (const [index, { object, is, fields }] of changes.entries()) {
    const lines = fields.slice(0, FIELDS).map((field) => cut(field, LINE));
    if (fields.length > FIELDS) lines.push(`… and ${fields.length - FIELDS} more fields`);
    const change = { object: cut(object, LINE), is, fields: lines };
    size += JSON.stringify(change).length;
    if (size > ROOM) {
      const rest = changes.length - index;
      return [...kept, { object: `… and ${rest} more objects`, is: 'changed', fields: [] }];
    }
    kept.push(change);
  }
  return kept;
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
