import type { Bake } from '../release/types.ts';
import { alarmFindings } from './alarm-findings.ts';
import { checkFindings } from './check-findings.ts';
import type { Finding, Watched } from './finding.ts';
import { restartFindings } from './restart-findings.ts';
import type { AlarmLook, BakeLook, BakeVerdict } from './types.ts';

export interface Judged {
  /** The release's, with `seconds` of the phase that is watched. */
  bake: Bake;
  /** The alarms before anything of the release was applied; absent where they could not be read then. */
  before?: readonly AlarmLook[] | undefined;
  /** All looks of the phase, in order, each with the same `since`. */
  looks: readonly BakeLook[];
  /** ISO 8601: when the phase's pods were ready. */
  startedAt: string;
  /** ISO 8601 */
  now: string;
}

/** ms after its end that a bake goes on for a last look, or for a second one at a check that failed at the last. */
const GRACE = 30_000;

/** Findings that are told: where a hundred alarms ring, nobody reads them all. */
const MOST = 8;

/**
 * What the looks at a release say together. `bad` comes as soon as there is reason for it, `good` and `unknown` at the
 * end. What was bad once stays bad whatever comes after it; what nobody could ask, at the end, is `unknown`.
 */
export function judge(judged: Judged): BakeVerdict {
  const findings = findingsOf(judged);
  const saying = (is: Finding['is']) =>
    few(findings.filter((finding) => finding.is === is).map(({ text }) => text));
  const [bad, unknown, notes] = [saying('bad'), saying('unknown'), saying('note')];
  if (bad.length > 0) return { is: 'bad', reason: bad.join('; '), notes };
  if (isGoingOn(judged, findings)) return { is: 'watching' };
  const pending = saying('pending');
  const open = [...pending, ...unknown];
  return open.length > 0 ? { is: 'unknown', reason: open.join('; '), notes } : { is: 'good', notes };
}

function few(texts: string[]): string[] {
  return texts.length <= MOST ? texts : [...texts.slice(0, MOST), `and ${texts.length - MOST} more`];
}

/** Whether there is more to see: the time is not over, or the last look is older than its end, or left a doubt. */
function isGoingOn({ bake, looks, startedAt, now }: Judged, findings: readonly Finding[]): boolean {
  const end = Date.parse(startedAt) + bake.seconds * 1000;
  const time = Date.parse(now);
  if (time < end) return true;
  if (time >= end + GRACE) return false;
  const seen = Date.parse(looks.at(-1)?.at ?? '');
  return !(seen >= end) || findings.some(({ is }) => is === 'pending');
}

function findingsOf({ bake, before, looks, startedAt }: Judged): Finding[] {
  const watched: Watched = { bake, before, looks, startedAt };
  return [
    ...alarmFindings(watched),
    ...checkFindings(watched),
    ...restartFindings(watched),
    ...trafficFindings(watched),
    ...sightFindings(watched),
  ];
}

/** What could not be asked, and whether there was a look at the end at all. */
function sightFindings({ bake, looks, startedAt }: Watched): Finding[] {
  const last = looks.at(-1);
  const end = Date.parse(startedAt) + bake.seconds * 1000;
  if (last === undefined || Date.parse(last.at) < end)
    return [{ is: 'unknown', text: 'the release could not be looked at until the end of its bake' }];
  // One that was fine a moment ago is asked again.
  const is = looks.at(-2)?.trouble.length === 0 ? 'pending' : 'unknown';
  return last.trouble.map((text) => ({ is, text }));
}

/** Below so many requests, quiet alarms say nothing. */
function trafficFindings({ bake: { traffic }, looks }: Watched): Finding[] {
  if (traffic === undefined) return [];
  const counts = looks.flatMap(({ requests }) => (requests === undefined ? [] : [requests]));
  const metric = `${traffic.namespace} ${traffic.metric}`;
  if (counts.length === 0)
    return [{ is: 'unknown', text: `how many requests came is not known: ${metric} has no data` }];
  const most = Math.max(...counts);
  if (most >= traffic.minimum) return [];
  const came = most === 1 ? 'one request came' : `${most} requests came`;
  return [{ is: 'unknown', text: `${came}, and below ${traffic.minimum} alarms say nothing (${metric})` }];
}
