import { fault, type Position } from './faults.ts';

const UNITS: Record<string, number> = {
  h: 3.6e12,
  m: 6e10,
  s: 1e9,
  ms: 1e6,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ns: 1,
};
const MILLISECOND = 1e6;
/** Longer than any that is meant; a limit, because the expression looks again and again at digits without a unit. */
const LONGEST_TEXT = 64;
/** The most that 64 bits hold, as Go counts nanoseconds. */
const LONGEST = 2 ** 63 - 1;

/**
 * A duration as Go writes it (`1m30s`, `500ms`, `1.5h`), in nanoseconds; `0` is none, and less than a millisecond is
 * too little for a health check (BuildKit, `parseOptInterval`). Throws `dockerfile/bad-flag`.
 */
export function duration(text: string, name: string, position: Position): number {
  if (/^[+-]?0$/.test(text)) return 0;
  const parts = [...text.slice(0, LONGEST_TEXT).matchAll(/(\d+\.?\d*|\.\d+)(h|ms|us|µs|μs|ns|m|s)/g)];
  const whole = parts.map(([part]) => part).join('');
  const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit as string] ?? 0), 0);
  if (whole !== text.replace(/^\+/, '') || text === '' || total > LONGEST) {
    const cause = `--${name} is ${JSON.stringify(text)}, which is not a duration`;
    throw fault(position, 'bad-flag', cause, 'write it as 30s or 1m30s');
  }
  if (total > 0 && total < MILLISECOND) {
    throw fault(position, 'bad-flag', `--${name}=${text} is less than 1ms`, 'write it as 30s or 1m30s');
  }
  return Math.round(total);
}

/** A number of bytes: `1048576`, `64m`, `1.5GiB` (go-units, `RAMInBytes`), or nothing when it is none. */
export function bytes(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp])?i?b?$/i.exec(text) ?? [];
  if (count === undefined) return undefined;
  const power = unit === '' ? 0 : 'kmgtp'.indexOf(unit.toLowerCase()) + 1;
  return Math.floor(Number(count) * 1024 ** power);
}

/** A yes or no as Go reads it (`strconv.ParseBool`), or nothing when it is none. */
export function yesOrNo(text: string): boolean | undefined {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  return /^(0|f|F|false|FALSE|False)$/.test(text) ? false : undefined;
}
