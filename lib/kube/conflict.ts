import { FairleadError } from '../errors.ts';
import type { KubeError } from './error.ts';
import { FIELD_MANAGER, ownsField } from './owner.ts';
import type { LiveObject, WrittenObject } from './wire.ts';

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

/** The error of a conflict that only people can settle: who has set which field of `object` to what, and since when. */
export function contestedError(
  { kind, metadata }: WrittenObject,
  contested: readonly Contested[],
): FairleadError {
  const { name, namespace } = metadata;
  const what = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
  const list = contested.map(
    ({ field, manager, since }) =>
      `${field} of ${what} was set by ${manager}${since === undefined ? '' : ` at ${since}`}`,
  );
  const managers = [...new Set(contested.map(({ manager }) => manager))];
  const where = namespace === undefined ? '' : `-n ${namespace} `;
  return new FairleadError({
    code: 'kube/field-conflict',
    operation: `applying ${what} as ${FIELD_MANAGER}`,
    cause: list.join('; '),
    remedy:
      `set the same value here and there (then both own it), or let ${managers.join(' and ')} stop setting it and take ` +
      `its entry out of metadata.managedFields: kubectl ${where}edit ${kind.toLowerCase()} ${name} --show-managed-fields`,
  });
}

/** When `manager` wrote to `live` last, and changed anything by it; RFC 3339. */
export function lastWrite(live: LiveObject, manager: string): string | undefined {
  const times = (live.metadata?.managedFields ?? [])
    .filter((entry) => entry.manager === manager && entry.time !== undefined)
    .map((entry) => String(entry.time));
  return times.sort().at(-1);
}
