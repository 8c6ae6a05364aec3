/** Seconds that a build is followed which somebody else carries out: less than an execution of deploy may last. */
const LONGEST = 85 * 60;
/** Seconds that one look at it takes, more or less. */
const LOOK = 2;

/**
 * Seconds to sleep, at no cost, before each look at such a build, until it is given up. A look is three of the 3,000
 * durable operations of an execution, and tells the pusher what happened since the last one. Pure.
 */
export function* looks(): Generator<number> {
  for (let seconds = 0; seconds < LONGEST; ) {
    const pause = seconds < 60 ? 3 : seconds < 600 ? 5 : 10;
    yield pause;
    seconds += pause + LOOK;
  }
}
