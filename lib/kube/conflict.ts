import { FairleadError } from '../errors.ts';
import type { KubeError } from './error.ts';
import { FIELD_MANAGER, ownsField } from './owner.ts';
import type { LiveObject } from './wire.ts';

/** A field that we want to set and that somebody else has set to something else. */
export interface Contested {
  field: string;
  manager: string;
  /** RFC 3339; of that manager's last write to the object. */
  since?: string;
}

/** What to do about a 409. */
export type Conflict =
  /** The object has changed since it was read: read it again. */
  | { kind: 'stale' }
  /** Every field was ours already: take it. */
  | { kind: 'ours' }
  | { kind: 'foreign'; contested: Contested[] };

/** Reads the refusal of an apply to `live`. */
export function conflictOf(error: KubeError, live: LiveObject): Conflict {
  const causes = error.causes.filter((cause) => cause.reason === 'FieldManagerConflict');
  if (causes.length === 0) return { kind: 'stale' };
  const contested = causes
    .map(({ field = '', message = '' }) => ({
      field,
      manager: /conflict with "([^"]*)"/.exec(message)?.[1] ?? '?',
    }))
    .filter(({ field, manager }) => manager !== FIELD_MANAGER && !ownsField(live, field))
    .map(({ field, manager }) => ({ field, manager, since: lastWrite(live, manager) }));
  return contested.length === 0 ? { kind: 'ours' } : { kind: 'foreign', contested };
}

/** The error of a conflict that only people can settle. `what` is for example `Deployment web/web`. */
export function contestedError(what: string, contested: Contested[]): FairleadError {
  const list = contested.map(
    ({ field, manager, since }) =>
      `${field} of ${what} was set by ${manager}${since === undefined ? '' : ` at ${since}`}`,
  );
  return new FairleadError({
    code: 'kube/field-conflict',
    operation: `applying ${what} as ${FIELD_MANAGER}`,
    cause: list.join('; '),
    remedy:
      'set the same value in fairlead.yaml and there (then both own it), or let the other one stop setting it and ' +
      'delete its entry in metadata.managedFields',
  });
}

function lastWrite(live: LiveObject, manager: string): string | undefined {
  const times = (live.metadata?.managedFields ?? [])
    .filter((entry) => entry.manager === manager && entry.time !== undefined)
    .map((entry) => String(entry.time));
  return times.sort().at(-1);
}
