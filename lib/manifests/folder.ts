import type { Checkout } from './checkout.ts';
import { fault } from './fault.ts';
import { objectsOf } from './objects.ts';
import type { Located } from './types.ts';
import { parseDocuments } from './yaml.ts';

const YAML = /\.ya?ml$/;
const MOST_FILES = 500;
/** Characters of all files together. */
const LARGEST = 4 * 1024 * 1024;

/** Files that say how the others are to be read, and by what. */
const MEANS: Record<string, string> = {
  'kustomization.yaml': 'kustomize',
  'kustomization.yml': 'kustomize',
  Kustomization: 'kustomize',
  'Chart.yaml': 'helm',
};

/**
 * The objects of a folder of YAML files, in the order of the files' names; or of one file.
 * @throws FairleadError `manifests/…`
 */
export async function readFolder(checkout: Checkout, path: string): Promise<Located[]> {
  if (YAML.test(path)) return objectsOf(parseDocuments(await checkout.read(path, PLACE), path));
  await checkout.find(path, PLACE, 'folder');
  const files = await checkout.walk(path, MOST_FILES, 'no-hidden');
  for (const file of files) refuseOtherMeans(file, path);
  const documents = [];
  let size = 0;
  for (const file of files.filter((name) => YAML.test(name))) {
    const text = await checkout.read(file);
    size += text.length;
    if (size > LARGEST) throw fault('too-large', path, `more than ${LARGEST} characters of YAML`);
    documents.push(...parseDocuments(text, file));
  }
  const located = objectsOf(documents);
  if (located.length === 0)
    throw fault('empty', path, 'the folder holds no Kubernetes object in a .yaml file');
  return located;
}

const PLACE = 'fairlead.yaml: manifests';

function refuseOtherMeans(file: string, folder: string): void {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const means = MEANS[name];
  if (means === undefined) return;
  const where = file.slice(0, -name.length - 1) || folder;
  const remedy = means === 'helm' ? `write \`helm: {chart: ${where}}\`` : `write \`kustomize: ${where}\``;
  throw fault(
    'bad-path',
    file,
    `${folder} is not a folder of plain YAML: it is for ${means}`,
    `${remedy} under \`manifests\` in fairlead.yaml`,
  );
}
