/** Bytes as people read what is sent, in powers of 1000: `12.3 MB`. */
export function renderBytes(count: number): string {
  if (count < 1000) return `${count} B`;
  const [unit, size] = count < 999_950 ? ['kB', 1e3] : count < 999_950_000 ? ['MB', 1e6] : ['GB', 1e9];
  return `${(count / Number(size)).toFixed(1)} ${unit}`;
}
