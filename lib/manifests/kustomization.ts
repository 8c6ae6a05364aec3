import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkout } from './checkout.ts';
import { fault } from './fault.ts';
import { isRecord } from './objects.ts';
import { parseDocuments } from './yaml.ts';

const NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** Lists whose entries are files, folders with a kustomization, or addresses; some take YAML in their place. */
const LISTS = [
  'resources',
  'bases',
  'components',
  'crds',
  'configurations',
  'generators',
  'transformers',
  'validators',
  'patchesStrategicMerge',
];
/** Those whose files say what else is read: they configure kustomize's own plugins. */
const CONFIGURING = ['generators', 'transformers', 'validators'];
/** Keys, of kustomizations and of the configuration of plugins, that hold paths. */
const PATHS = ['path', 'paths', 'file', 'files', 'env', 'envs'];
const HELM = ['helmCharts', 'helmGlobals', 'helmChartInflationGenerator'];

const MOST_KUSTOMIZATIONS = 100;

/**
 * Refuses what kustomize would fetch from elsewhere, and what leads out of the repository, in a kustomization and all
 * that it stands on. Its own rule (files below the kustomization only) holds for files, but not for the folders of
 * bases, and addresses are asked by HTTP even where there is no git.
 * @throws FairleadError `manifests/remote`, `manifests/bad-path`, `manifests/bad-kustomization`
 */
export async function refuseFarPaths(checkout: Checkout, folder: string): Promise<void> {
  const seen = new Set<string>();
  const todo = [folder];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (seen.size > MOST_KUSTOMIZATIONS)
      throw fault('too-large', folder, `more than ${MOST_KUSTOMIZATIONS} kustomizations`);
    todo.push(...(await foldersOf(checkout, next)));
  }
}

/** The folders that a kustomization stands on, their names without symbolic links. */
async function foldersOf(checkout: Checkout, folder: string): Promise<string[]> {
  const file = await fileOf(checkout, folder);
  const folders: string[] = [];
  for (const { value, place } of parseDocuments(await checkout.read(file), file)) {
    if (!isRecord(value)) throw fault('bad-kustomization', place, 'a kustomization has keys and values');
    const helm = HELM.find((key) => key in value);
    if (helm !== undefined)
      throw fault(
        'bad-kustomization',
        place,
        `kustomize would have to run Helm for ${helm}`,
        'write `manifests: {helm: {chart: …}}` in fairlead.yaml',
      );
    refuseAddresses(value, place);
    await readPatches(checkout, folder, value);
    for (const list of LISTS)
      for (const entry of entriesOf(value[list], `${place}: ${list}`))
        folders.push(...(await follow(checkout, { folder, list, entry, place })));
  }
  return folders;
}

async function fileOf(checkout: Checkout, folder: string): Promise<string> {
  const found = [];
  for (const name of NAMES) if (await checkout.has(join(folder, name))) found.push(join(folder, name));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const cause = found.length === 0 ? 'no kustomization.yaml in it' : `it has ${found.join(' and ')}`;
  throw fault('bad-kustomization', folder, cause, 'keep one kustomization.yaml in the folder');
}

function entriesOf(value: unknown, place: string): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  throw fault('bad-kustomization', place, 'this has to be a list of text');
}

interface Entry {
  folder: string;
  list: string;
  entry: string;
  place: string;
}

async function follow(checkout: Checkout, { folder, list, entry, place }: Entry): Promise<string[]> {
  if (entry.includes('\n')) {
    for (const { value } of parseDocuments(entry, place)) refuseAddresses(value, place);
    return [];
  }
  if (isAddress(entry)) throw remote(entry, place);
  const path = entry.startsWith('/') ? entry : join(folder, entry);
  const full = await checkout.find(path, `${place}: ${list}`, 'file or folder').catch((error: unknown) => {
    // `example.com/team/base` is an address to kustomize, where there is no such folder.
    throw /^[\w-]+(\.[\w-]+)+\//.test(entry) ? remote(entry, place) : error;
  });
  if ((await stat(full)).isDirectory()) return [checkout.nameOf(full)];
  const name = checkout.nameOf(full);
  const documents = parseDocuments(await checkout.read(name), name);
  if (CONFIGURING.includes(list))
    for (const document of documents) refuseAddresses(document.value, document.place);
  return [];
}

/** Lists whose entries name a YAML file by `path`. */
const PATCHING = ['patches', 'patchesJson6902', 'replacements'];

/** Reads the patches, as kustomize would take minutes for aliases that multiply. */
async function readPatches(
  checkout: Checkout,
  folder: string,
  value: Record<string, unknown>,
): Promise<void> {
  for (const list of PATCHING)
    for (const entry of Array.isArray(value[list]) ? value[list] : [])
      if (isRecord(entry) && typeof entry.path === 'string') {
        const name = join(folder, entry.path);
        if (await checkout.has(name)) parseDocuments(await checkout.read(name), name);
      }
}

/** Wherever a path may stand in `value`. */
function refuseAddresses(value: unknown, place: string): void {
  if (Array.isArray(value)) for (const each of value) refuseAddresses(each, place);
  if (!isRecord(value)) return;
  for (const [key, held] of Object.entries(value)) {
    if (PATHS.includes(key))
      for (const path of Array.isArray(held) ? held : [held])
        if (typeof path === 'string' && isAddress(path.replace(/^[^=/:]*=/, ''))) throw remote(path, place);
    refuseAddresses(held, place);
  }
}

function isAddress(text: string): boolean {
  return /^\s*([a-z][a-z0-9+.-]*:\/\/|git@|git::|[\w.-]+@[\w.-]+:)|\?(ref|timeout|submodules|version)=/i.test(
    text,
  );
}

function remote(entry: string, place: string) {
  return fault(
    'remote',
    place,
    `${entry} is not in the repository, and nothing is fetched from elsewhere`,
    'copy it into the repository (`kubectl kustomize URL > base.yaml`) and name the copy',
  );
}
