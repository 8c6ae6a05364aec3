/** What stands in an answer with spaces or commas between. */
export function wordsOf(said: string): string[] {
  return said.split(/[\s,]+/).filter((word) => word !== '');
}
