const DAY = 86_400_000;

/** Whether a time, as ISO 8601 says it, was within the last day. */
export function isWithinDay(time: string): boolean {
  return Date.now() - Date.parse(time) < DAY;
}
