import type { LogRef } from '../kube/logs.ts';
import type { Event, LiveObject } from '../kube/wire.ts';
import { lastWords } from './last-words.ts';
import { type Facts, logKey, warningsOf } from './view.ts';

const MOST_EVENTS = 10;
const MOST_LINES = 20;

/** The evidence of a failure: the end of the log in question, and the cluster's warnings about `objects`. */
export function detailsOf(
  facts: Facts,
  objects: readonly (LiveObject | undefined)[],
  evidence?: LogRef,
): string {
  const log = evidence === undefined ? [] : (facts.logs.get(logKey(evidence)) ?? []);
  const head =
    log.length > 0
      ? [`log of ${evidence?.pod}, container ${evidence?.container}:`, ...excerpt(log).map(indent)]
      : [];
  const warnings = warningLines(facts, objects);
  return [...head, ...(warnings.length > 0 ? ['events:', ...warnings.map(indent)] : [])].join('\n');
}

/** The end of a log; runtimes print what they died of above a long stack, so that line comes first. */
function excerpt(log: readonly string[]): string[] {
  const end = log.slice(-MOST_LINES);
  const words = lastWords(log);
  const isIn = words === undefined || end.some((one) => one.trim().startsWith(words.slice(0, 40)));
  return isIn ? [...end] : [words, '…', ...end.slice(2)];
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
