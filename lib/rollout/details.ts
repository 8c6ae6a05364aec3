import type { LogRef } from '../kube/logs.ts';
import type { Event, LiveObject } from '../kube/wire.ts';
import { type Facts, logKey, warningsOf } from './view.ts';

const MOST_EVENTS = 10;

/** The evidence of a failure: the end of the log in question, and the cluster's warnings about `objects`. */
export function detailsOf(
  facts: Facts,
  objects: readonly (LiveObject | undefined)[],
  evidence?: LogRef,
): string {
  const log = evidence === undefined ? [] : (facts.logs.get(logKey(evidence)) ?? []);
  const head =
    log.length > 0 ? [`log of ${evidence?.pod}, container ${evidence?.container}:`, ...log.map(indent)] : [];
  const warnings = warningLines(facts, objects);
  return [...head, ...(warnings.length > 0 ? ['events:', ...warnings.map(indent)] : [])].join('\n');
}

function warningLines(facts: Facts, objects: readonly (LiveObject | undefined)[]): string[] {
  const lines = objects
    .map((object) => object?.metadata?.uid)
    .filter((uid) => uid !== undefined)
    .flatMap((uid) => warningsOf(facts, uid))
    .map(line);
  return [...new Set(lines)].slice(-MOST_EVENTS);
}

function line({ reason, message, count, involvedObject }: Event): string {
  const times = (count ?? 1) > 1 ? ` (${count} times)` : '';
  const text = (message ?? '').trim().replaceAll(/\s*\n\s*/g, ' ');
  return `${involvedObject?.kind?.toLowerCase()} ${involvedObject?.name}: ${reason}: ${text}${times}`;
}

function indent(text: string): string {
  return `  ${text}`;
}
