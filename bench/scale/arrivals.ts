/**
 * When pushes come: a Poisson process whose rate follows the working hours of one time zone, with bursts on top, as when
 * a bot opens its pull requests or a shared library moves. Pure, and the same for the same seed.
 */
export interface Model {
  /** Pushes a month, of 30 days. */
  perMonth: number;
  seed: number;
}

/** Share of a day's pushes by the hour: almost all between 8 and 19, most before and after lunch. */
const HOURS = [
  0.3, 0.2, 0.2, 0.2, 0.3, 0.5, 1, 3, 7, 10, 11, 10, 7, 9, 11, 11, 9, 5, 2, 1, 0.6, 0.4, 0.3, 0.3,
];
/** Share of a week's, from Monday. */
const DAYS = [19, 21, 21, 20, 16, 2, 1];
/** One push in ten comes with a burst, of so many within so many seconds on average. */
const BURSTS = { share: 0.1, size: 12, seconds: 20 };

/** Seconds from the beginning of the month (a Monday) at which pushes come, in their order. */
export function arrivals({ perMonth, seed }: Model): number[] {
  const random = generator(seed);
  const single = perMonth * (1 - BURSTS.share);
  const times: number[] = [];
  for (let hour = 0; hour < 30 * 24; hour++) {
    const share = shareOf(hour);
    for (let count = poisson(single * share, random); count > 0; count--)
      times.push((hour + random()) * 3600);
    const bursts = poisson(((perMonth * BURSTS.share) / BURSTS.size) * share, random);
    for (let burst = 0; burst < bursts; burst++) {
      const start = (hour + random()) * 3600;
      const size = 1 + poisson(BURSTS.size - 1, random);
      for (let push = 0; push < size; push++) times.push(start + random() * BURSTS.seconds);
    }
  }
  return times.sort((one, other) => one - other);
}

/** Of the month's pushes that come in its `hour`th hour. */
function shareOf(hour: number): number {
  const weight = (at: number) => (HOURS[at % 24] ?? 0) * (DAYS[Math.floor(at / 24) % 7] ?? 0);
  return weight(hour) / TOTAL;
}

const TOTAL = Array.from(
  { length: 30 * 24 },
  (_, hour) => (HOURS[hour % 24] ?? 0) * (DAYS[Math.floor(hour / 24) % 7] ?? 0),
).reduce((sum, weight) => sum + weight, 0);

/** In how many of the month's hours some of `times` fall; and the sum of that over `apps`, which take turns. */
export function busyHours(times: readonly number[], apps: number): { all: number; ofApps: number } {
  const hourOf = (time: number) => Math.floor(time / 3600);
  const all = new Set(times.map(hourOf));
  const ofApps = new Set(times.map((time, turn) => `${turn % apps}/${hourOf(time)}`));
  return { all: all.size, ofApps: ofApps.size };
}

/** The most of `times` within any `seconds` in a row. */
export function peak(times: readonly number[], seconds: number): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while ((times[last] ?? 0) - (times[first] ?? 0) >= seconds) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** The most that are at work at once, where each is for `seconds`, and `atOnce` at most; the others wait their turn. */
export function together(times: readonly number[], seconds: number, atOnce = Number.POSITIVE_INFINITY) {
  const busy: number[] = [];
  let most = 0;
  let longestWait = 0;
  for (const time of times) {
    while (busy.length > 0 && (busy[0] ?? 0) <= time) busy.shift();
    const begins = busy.length < atOnce ? time : (busy[busy.length - atOnce] ?? time);
    longestWait = Math.max(longestWait, begins - time);
    busy.push(begins + seconds);
    most = Math.max(most, Math.min(busy.length, atOnce));
  }
  return { most, longestWait };
}

/** Knuth's, and for large means the normal distribution that it comes to. */
function poisson(mean: number, random: () => number): number {
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
