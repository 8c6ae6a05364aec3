import { access } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FairleadError, messageOf } from '../errors.ts';
import { CONFIG_FILE, check } from './check.ts';
import { type Config, DEFAULTS } from './config.ts';

/** What is there to read, and what it says; `absent`: the defaults hold. */
export interface Loaded {
  config: Config;
  from: { is: 'file'; path: string } | { is: 'absent' };
}

/** The configuration in `folder`, the root of a clone; the defaults where it has none. */
export async function loadConfig(folder: string): Promise<Loaded> {
  const path = join(folder, CONFIG_FILE);
  if (!(await isThere(path))) return { config: DEFAULTS, from: { is: 'absent' } };
  return { config: await loadFile(path), from: { is: 'file', path } };
}

/**
 * Reads one file, which Node runs as it is: it strips the types (Node.js, "Modules: TypeScript").
 * @throws FairleadError `config/not-found`, `config/broken` with the line, `config/no-default-export`, `config/invalid`
 */
export async function loadFile(path: string): Promise<Config> {
  const name = nameOf(path);
  if (!(await isThere(path)))
    throw new FairleadError({
      code: 'config/not-found',
      operation: 'reading the configuration',
      place: name,
      cause: 'there is no such file',
      remedy: 'npx fairlead init writes one',
    });
  const module = await import(pathToFileURL(path).href).catch((error: unknown) => {
    throw broken(error, path, name);
  });
  const said: unknown = (module as { default?: unknown }).default;
  if (said !== undefined) return check(said, name);
  throw new FairleadError({
    code: 'config/no-default-export',
    operation: 'reading the configuration',
    place: name,
    cause: 'it exports no configuration',
    remedy: 'write `export default defineConfig({ apps: [ … ] })`',
  });
}

/** `FILE:LINE` and what is wrong there: Node names the line of a syntax error, and of what throws. */
function broken(error: unknown, path: string, name: string): FairleadError {
  const line = lineIn(error, path);
  const cause = messageOf(error).split('\n')[0] ?? '';
  const remedy = /Cannot find module|ERR_MODULE_NOT_FOUND/.test(String(error))
    ? "import { defineConfig } from './lib/config/define.ts'"
    : undefined;
  return new FairleadError(
    {
      code: 'config/broken',
      operation: 'reading the configuration',
      place: line === undefined ? name : `${name}:${line}`,
      cause: error instanceof Error ? `${error.name}: ${cause}` : cause,
      ...(remedy && { remedy }),
    },
    { cause: error },
  );
}

function lineIn(error: unknown, path: string): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const place of [pathToFileURL(path).href, path]) {
    const at = stack.indexOf(`${place}:`);
    const line = at < 0 ? undefined : /^\d+/.exec(stack.slice(at + place.length + 1))?.[0];
    if (line !== undefined) return line;
  }
  return undefined;
}

/** As it is shown: from where the person is, if it is below. */
function nameOf(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('..') ? path : near;
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
