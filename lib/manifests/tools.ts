import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { fault } from './fault.ts';
import type { Tools } from './types.ts';

/** Which of the programs that render are on a search path as in PATH. */
export function findTools(path: string | undefined): Tools {
  const folders = (path ?? '').split(delimiter).filter(isAbsolute);
  const tools: Tools = {};
  for (const name of ['kustomize', 'kubectl', 'helm'] as const) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (found !== undefined) tools[name] = found;
  }
  return tools;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What is said where manifests need a program that the builder does not have. */
export function noTool(name: string, place: string) {
  return fault(
    'no-tool',
    place,
    `the builder has no ${name}`,
    `install ${name} where the function build-image finds it on its PATH`,
  );
}
