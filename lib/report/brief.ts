/** As much of a commit's id or a digest as people compare: twelve digits, behind the digest's algorithm. */
export function brief(id: string): string {
  const [, algorithm = '', digits = id] = /^([a-z0-9]+:)?([0-9a-f]+)$/.exec(id) ?? [];
  return `${algorithm}${digits.slice(0, 12)}`;
}
