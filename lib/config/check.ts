import { allowedAt, keysAt } from '../app/schema/tell.ts';
import { nearest } from '../app/suggest.ts';
import { complete } from './complete.ts';
import type { Config } from './config.ts';
import { badConfig, fieldOf, type Mistake } from './mistake.ts';
import { relations } from './relations.ts';
import { configSchema } from './schema.ts';
import type { ConfigFile } from './types.ts';

/** What the file is called, at the root of the clone. */
export const CONFIG_FILE = 'fairlead.config.ts';

/**
 * Checks what a configuration says, and fills in what it leaves to defaults. `file` is named in errors.
 * @throws FairleadError `config/invalid` that names every field that is wrong, and what may stand there
 */
export function check(said: unknown, file: string = CONFIG_FILE): Config {
  const result = configSchema.safeParse(said);
  if (!result.success)
    throw badConfig(
      file,
      result.error.issues.flatMap((issue) => mistakesOf(issue, said)),
    );
  const checked = result.data as ConfigFile;
  const wrong = relations(checked);
  if (wrong.length > 0) throw badConfig(file, wrong);
  return complete(checked);
}

interface Issue {
  code: string;
  path: readonly PropertyKey[];
  keys?: readonly string[];
  /** What is wrong by each of the forms that a field may have. */
  errors?: readonly (readonly Issue[])[];
}

function mistakesOf(issue: Issue, said: unknown, above: readonly PropertyKey[] = []): Mistake[] {
  const path = [...above, ...issue.path];
  const inside = (issue.errors ?? []).filter((form) =>
    form.every((one) => one.path.length > 0 || one.code === 'unrecognized_keys'),
  );
  // Where a field may be this or that, what is wrong with the one that was meant: the one that is wrong further inside.
  if (inside.length === 1) return (inside[0] ?? []).flatMap((one) => mistakesOf(one, said, path));
  const words = path.map(String);
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).map((key) => ({
      field: fieldOf([...path, key]),
      message: unknown(key, words),
    }));
  const allowed = allowedAt(configSchema, issue.code === 'invalid_key' ? words.slice(0, -1) : words);
  const value = valueAt(said, path);
  if (issue.code === 'invalid_key')
    return [{ field: fieldOf(path), message: `is no name here; take ${allowed}` }];
  if (value === undefined && path.length > 0)
    return [{ field: fieldOf(path), message: `is missing: it has to be ${allowed}` }];
  const near = typeof value === 'string' ? meantBy(value, allowed) : '';
  return [{ field: fieldOf(path), message: `has to be ${allowed}, and is ${shown(value)}${near}` }];
}

function unknown(key: string, path: readonly string[]): string {
  const known = keysAt(configSchema, path);
  const meant = nearest(key, known);
  const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`;
  return `there is no such field; ${hint}`;
}

/** A list of words is told as `one of a, b`: the nearest of them may have been meant. */
function meantBy(value: string, allowed: string): string {
  if (!allowed.startsWith('one of ')) return '';
  const meant = nearest(value, allowed.slice('one of '.length).split(', '));
  return meant === undefined ? '' : `; did you mean '${meant}'?`;
}

function valueAt(said: unknown, path: readonly PropertyKey[]): unknown {
  let value = said;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

const LONGEST = 60;

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  const text = typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
