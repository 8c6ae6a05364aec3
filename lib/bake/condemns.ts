import type { Bake } from '../release/types.ts';
import type { Rung } from './alarm-event.ts';

/** When a release was live, and until when an alarm still takes it back: ISO 8601. */
export interface Watch {
  liveSince?: string;
  watchUntil?: string;
  /** The alarms that rang before it, and were not seen to be OK since. */
  ringing?: readonly string[];
}

/**
 * Whether the alarm began to ring while the release was watched, by the alarm's time: it may be told late. One that rang
 * before the release and only lost its data in between has not begun.
 */
export function isWatched(
  { liveSince, watchUntil, ringing = [] }: Watch,
  { at, name, fromOk }: Pick<Rung, 'at' | 'name' | 'fromOk'>,
): boolean {
  if (watchUntil === undefined || (!fromOk && ringing.includes(name))) return false;
  const time = Date.parse(at);
  return time < Date.parse(watchUntil) && (liveSince === undefined || time >= Date.parse(liveSince));
}

/** Whether the release names the alarm, by its name or by a tag that `tags` has. */
export async function isNamed(
  { alarms, alarmTag }: Pick<Bake, 'alarms' | 'alarmTag'>,
  { name }: Pick<Rung, 'name'>,
  tags: () => Promise<ReadonlyMap<string, string>>,
): Promise<boolean> {
  if (alarms.includes(name)) return true;
  return alarmTag !== undefined && (await tags()).get(alarmTag.key) === alarmTag.value;
}
