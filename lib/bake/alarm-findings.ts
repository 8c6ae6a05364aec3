import type { Finding, Watched } from './finding.ts';
import type { AlarmLook } from './types.ts';

/** One alarm, as one look after the other saw it. */
interface Course {
  name: string;
  seen: readonly AlarmLook[];
  /** Undefined where nobody knows. */
  before: AlarmLook['state'] | undefined;
}

/** What each alarm has done since before the release. */
export function alarmFindings(watched: Watched): Finding[] {
  const named = namesOf(watched);
  const tag = watched.bake.alarmTag;
  const none: Finding[] =
    tag !== undefined && named.length === 0 && watched.looks.some(({ trouble }) => trouble.length === 0)
      ? [{ is: 'unknown', text: `no alarm carries the tag ${tag.key}=${tag.value}` }]
      : [];
  return [...none, ...named.flatMap((name) => findings(courseOf(watched, name), watched.startedAt))];
}

function namesOf({ bake, looks }: Watched): string[] {
  const seen = looks.flatMap(({ alarms }) => alarms.map(({ name }) => name));
  return [...new Set([...bake.alarms, ...seen])];
}

function courseOf({ before, looks }: Watched, name: string): Course {
  const of = (alarms: readonly AlarmLook[]) => alarms.filter((alarm) => alarm.name === name);
  return {
    name,
    seen: looks.flatMap(({ alarms }) => of(alarms)),
    // What was read and was not there has not been ringing.
    before: before === undefined ? undefined : (of(before)[0]?.state ?? 'absent'),
  };
}

function findings(course: Course, startedAt: string): Finding[] {
  const { name, seen, before } = course;
  const rang = ringing(course);
  const wasQuiet = before !== undefined || seen[0]?.state !== 'ALARM';
  if (rang !== undefined && (wasQuiet || isSince(rang, startedAt)))
    return [{ is: 'bad', text: `alarm ${name} rings${told(rang)}` }];
  if (rang !== undefined)
    return [
      { is: 'unknown', text: `alarm ${name} rings, and nobody knows whether it did before the release` },
    ];
  const last = seen.at(-1);
  switch (last?.state) {
    case 'ALARM':
      return [
        { is: 'note', text: `alarm ${name} was ringing before the release, and still is${told(last)}` },
      ];
    case 'INSUFFICIENT_DATA':
      return [{ is: 'unknown', text: `alarm ${name} has no data` }];
    case 'absent':
      return [{ is: 'unknown', text: `there is no alarm ${name}` }];
    case 'OK':
      return before === 'ALARM'
        ? [{ is: 'note', text: `alarm ${name} was ringing before the release, and is quiet now` }]
        : [];
    case undefined:
      return [{ is: 'unknown', text: `the state of alarm ${name} could not be read` }];
  }
}

/** The first look at which it rang anew: one that rang before has to be OK first. */
function ringing({ seen, before }: Course): AlarmLook | undefined {
  const quiet = before === 'ALARM' ? seen.findIndex(({ state }) => state === 'OK') : 0;
  return quiet < 0 ? undefined : seen.slice(quiet).find(({ state }) => state === 'ALARM');
}

function isSince({ since }: AlarmLook, startedAt: string): boolean {
  return since !== undefined && Date.parse(since) >= Date.parse(startedAt);
}

function told({ since, reason }: AlarmLook): string {
  const when = since === undefined ? '' : ` since ${since.slice(11, 19)} UTC`;
  return `${when}${reason === undefined ? '' : `: ${reason}`}`;
}
