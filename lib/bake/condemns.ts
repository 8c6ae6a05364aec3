import type { Bake } from '../release/types.ts';
import type { Rung } from './alarm-event.ts';

/** When a release was live, and until when an alarm still takes it back: ISO 8601. */
export interface Watch {
  liveSince?: string;
  watchUntil?: string;
}

/** Whether the alarm rang while the release was watched, by the alarm's time: it may be told late. */
export function isWatched({ liveSince, watchUntil }: Watch, { at }: Pick<Rung, 'at'>): boolean {
  if (watchUntil === undefined) return false;
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
