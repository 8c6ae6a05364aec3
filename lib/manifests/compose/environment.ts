import { join } from 'node:path';
import { parseEnvFile } from './env-file.ts';
import { bad, literally, type Making, notice } from './making.ts';

/** The variables of a service's container: those of its env files, and over them its own. */
export async function environmentOf(making: Making): Promise<{ name: string; value: string }[]> {
  const variables = new Map<string, string>();
  for (const { path, isRequired } of envFilesOf(making))
    for (const [name, value] of Object.entries(await readEnvFile(making, path, isRequired)))
      variables.set(name, value);
  for (const [name, value] of pairsOf(making.said.environment ?? {})) {
    if (value !== undefined) variables.set(name, value);
    else if (!variables.has(name))
      notice(
        making,
        `environment.${name}`,
        'has no value in the file, and is left out: a push has no shell that it could come from',
      );
  }
  return [...variables].map(([name, value]) => ({ name, value: literally(value) }));
}

/** Pairs that are written as a map or as a list of `NAME=VALUE`. */
export function pairsOf(said: Record<string, string | null> | string[]): [string, string | undefined][] {
  if (!Array.isArray(said)) return Object.entries(said).map(([name, value]) => [name, value ?? undefined]);
  return said.map((entry) => {
    const equals = entry.indexOf('=');
    return equals === -1 ? [entry, undefined] : [entry.slice(0, equals), entry.slice(equals + 1)];
  });
}

function envFilesOf({ said }: Making): { path: string; isRequired: boolean }[] {
  const files = said.env_file === undefined ? [] : [said.env_file].flat();
  return files.map((file) =>
    typeof file === 'string'
      ? { path: file, isRequired: true }
      : { path: file.path, isRequired: file.required ?? true },
  );
}

async function readEnvFile(
  making: Making,
  file: string,
  isRequired: boolean,
): Promise<Record<string, string>> {
  const { checkout, composed } = making;
  const path = join(composed.folder, file);
  if (await checkout.has(path)) return parseEnvFile(await checkout.read(path));
  if (path.startsWith('../'))
    await checkout.find(path, composed.at('services', making.name, 'env_file'), 'file');
  if (!isRequired) {
    notice(making, 'env_file', `${file} is not in the repository: its variables are left out`);
    return {};
  }
  throw bad(
    making,
    'env_file',
    `names ${file}, which is not in the repository`,
    'commit it without its secrets, or say `- {path: …, required: false}`; secrets go into a Kubernetes Secret',
  );
}
