import { join } from 'node:path';
import type { HelmChart } from '../app/types.ts';
import type { Checkout } from './checkout.ts';
import { fault } from './fault.ts';
import { rendered } from './rendered.ts';
import { noTool } from './tools.ts';
import type { Located, Reader } from './types.ts';
import { parseDocuments } from './yaml.ts';

const PLACE = 'fairlead.yaml: manifests.helm';
const MOST_FILES = 2000;
/** As Helm takes it: `image.tag`, `hosts[0].name`, `podAnnotations.example\.com/x`. */
const VALUE_PATH = /^[A-Za-z0-9_]([A-Za-z0-9_./-]|\\\.|\[\d{1,4}\])*$/;
/** Helm cuts names that it makes from a release's name at 63; 53 is what it allows for that one. */
const RELEASE_NAME = /^[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$/;

/**
 * The objects of a Helm chart that is in the repository, by `helm template`: without a cluster (`lookup` finds nothing),
 * without plugins and repositories.
 * @throws FairleadError `manifests/…`
 */
export async function readChart(checkout: Checkout, said: HelmChart, reader: Reader): Promise<Located[]> {
  const { chart, values = [], set = {}, release = reader.app } = said;
  refuseAddress(chart, 'chart', `\`helm pull --untar ${chart}\``);
  const folder = await checkout.find(chart, `${PLACE}.chart`, 'folder');
  if (!(await checkout.has(join(checkout.nameOf(folder), 'Chart.yaml'))))
    throw fault('bad-chart', chart, 'the folder has no Chart.yaml');
  // Helm follows symbolic links, wherever they lead, and puts what it finds there into its templates' hands.
  await checkout.walk(chart, MOST_FILES, 'with-hidden');
  const standard = join(checkout.nameOf(folder), 'values.yaml');
  if (await checkout.has(standard)) parseDocuments(await checkout.read(standard), standard);
  const { helm } = reader.tools;
  if (helm === undefined) throw noTool('helm', PLACE);
  if (!RELEASE_NAME.test(release))
    throw fault(
      'bad-chart',
      `${PLACE}.release`,
      `'${release}' is no name for a Helm release`,
      'use up to 53 lower-case letters, digits and "-"',
    );
  const args = ['template', release, folder, '--namespace', reader.namespace, '--include-crds'];
  for (const file of values) args.push('--values', await valuesFile(checkout, file));
  for (const [path, value] of Object.entries(set)) args.push('--set-json', setting(path, value));
  const program = { path: helm, args, directory: folder };
  return await rendered({ tool: 'helm', program, place: chart, checkout, remedyFor });
}

async function valuesFile(checkout: Checkout, file: string): Promise<string> {
  refuseAddress(file, 'values', 'curl');
  const place = `${PLACE}.values`;
  // Helm would say neither the line of a mistake, nor stop before aliases have multiplied.
  parseDocuments(await checkout.read(file, place), file);
  return await checkout.find(file, place, 'file');
}

function setting(path: string, value: string | number | boolean): string {
  if (VALUE_PATH.test(path)) return `${path}=${JSON.stringify(value)}`;
  throw fault(
    'bad-chart',
    `${PLACE}.set`,
    `${JSON.stringify(path)} is no path of a value`,
    'write it like image.tag',
  );
}

function refuseAddress(text: string, key: string, by: string): void {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return;
  throw fault(
    'remote',
    `${PLACE}.${key}`,
    `${text} is not in the repository, and nothing is fetched from elsewhere`,
    `copy it into the repository (${by}) and name the copy`,
  );
}

function remedyFor(complaint: string): string | undefined {
  if (/missing in charts\/ directory|dependency (build|update)/.test(complaint))
    return 'run `helm dependency build` and commit the folder charts/: nothing is fetched from chart repositories';
  if (/execution error|nil pointer|<no value>|failed to parse|values don't meet/.test(complaint))
    return 'try it with `helm template`';
  return undefined;
}
