import type { ImageConfig } from '../../../lib/image/types.ts';
import type { Case } from './cases/case.ts';
import type { Result } from './files.ts';

/** In what two builders' images differ, a line each, less what the case says they may differ in. */
export function differences(
  theirs: Record<string, Result>,
  ours: Record<string, Result>,
  one: Case,
): string[] {
  const platforms = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
  return platforms.flatMap((platform) => {
    const [a, b] = [theirs[platform], ours[platform]];
    if (a === undefined || b === undefined)
      return [`${platform}: only ${a === undefined ? 'ours' : 'theirs'}`];
    return [
      ...compare(a.files, b.files, (path) => one.differs?.files?.test(path) === true),
      ...compare(told(a.config), told(b.config), (key) => one.differs?.config?.includes(key) === true),
    ];
  });
}

function compare(
  theirs: Record<string, string>,
  ours: Record<string, string>,
  isLeftOut: (key: string) => boolean,
): string[] {
  const keys = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].sort();
  return keys
    .filter((key) => theirs[key] !== ours[key] && !isLeftOut(key))
    .map((key) => `${key}: theirs ${theirs[key] ?? 'nothing'} | ours ${ours[key] ?? 'nothing'}`);
}

// What is not set is left out by the one and written as null or [] by the other. `ArgsEscaped` is for Windows alone.
function told(config: ImageConfig): Record<string, string> {
  const { config: run = {}, author, os, architecture, variant } = config;
  const all = { ...run, ArgsEscaped: undefined, author, os, architecture, variant };
  const entries = Object.entries(all).filter(([, value]) => isSet(value));
  return Object.fromEntries(entries.map(([key, value]) => [key, JSON.stringify(sorted(value))]));
}

function isSet(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return false;
  return !Array.isArray(value) || value.length > 0;
}

/** The same with an object's keys in order. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
