/** A cron schedule: the values that each of its fields takes. Source: Kubernetes `CronJob`, which reads it as Vixie cron does. */
export interface Schedule {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  /** 0 is Sunday. */
  weekdays: ReadonlySet<number>;
  /** A day counts when either of day and weekday fits, if both are restricted; else when both fit. */
  eitherDay: boolean;
}

const macros: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const monthNames = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** @throws Error that says which field is wrong */
export function parseSchedule(text: string): Schedule {
  const fields = (macros[text.trim()] ?? text).trim().split(/\s+/);
  if (fields.length !== 5) throw new Error(`expected exactly 5 fields, found ${fields.length}: [${text}]`);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  const weekdays = parseField(weekday, 0, 7, dayNames);
  return {
    minutes: parseField(minute, 0, 59),
    hours: parseField(hour, 0, 23),
    days: parseField(day, 1, 31),
    months: parseField(month, 1, 12, monthNames),
    weekdays: new Set([...weekdays].map((value) => value % 7)),
    eitherDay: isRestricted(day) && isRestricted(weekday),
  };
}

function isRestricted(field: string): boolean {
  return !/^[*?]/.test(field);
}

function parseField(field: string, low: number, high: number, names: readonly string[] = []): Set<number> {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [, from = '', to, step] = /^([*?]|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
    const isAny = from === '*' || from === '?';
    const first = isAny ? low : numberOf(from, names);
    const last = isAny || (to === undefined && step !== undefined) ? high : numberOf(to ?? from, names);
    const by = Number(step ?? 1);
    if (!(first >= low && last <= high && first <= last && by > 0))
      throw new Error(`failed to parse "${part}": it has to lie between ${low} and ${high}`);
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return values;
}

function numberOf(text: string, names: readonly string[]): number {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0 && text !== '') return named;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

const minuteMs = 60_000;
const hopMs = 15 * minuteMs; // every zone's offset is a multiple of it
const searchMs = 5 * 366 * 24 * 60 * minuteMs;

/**
 * The first time after `after` that the schedule names, in milliseconds since the epoch; undefined where there is none
 * within five years (31 February).
 * @param zone a name of the time zone database
 */
export function nextTime(schedule: Schedule, after: number, zone = 'UTC'): number | undefined {
  const wall = clockOf(zone);
  let at = (Math.floor(after / minuteMs) + 1) * minuteMs;
  for (const end = after + searchMs; at < end; ) {
    const { minute, hour, day, month, weekday } = wall(at);
    const dayFits = schedule.days.has(day);
    const weekdayFits = schedule.weekdays.has(weekday);
    const fits = schedule.eitherDay ? dayFits || weekdayFits : dayFits && weekdayFits;
    if (!fits || !schedule.months.has(month) || !schedule.hours.has(hour))
      at = (Math.floor(at / hopMs) + 1) * hopMs;
    else if (schedule.minutes.has(minute)) return at;
    else at += minuteMs;
  }
  return undefined;
}

interface WallClock {
  minute: number;
  hour: number;
  day: number;
  month: number;
  weekday: number;
}

/** @throws RangeError for a zone that there is not */
function clockOf(zone: string): (at: number) => WallClock {
  if (zone === 'UTC') return inUtc;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
  });
  return (at) => {
    const parts = Object.fromEntries(
      format.formatToParts(at).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return inUtc(Date.UTC(year, month - 1, day, hour, minute));
  };
}

function inUtc(at: number): WallClock {
  const date = new Date(at);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  };
}
