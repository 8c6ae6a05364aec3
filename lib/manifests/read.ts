import type { Manifests } from '../app/types.ts';
import type { KubernetesObject } from '../release/types.ts';
import { Checkout } from './checkout.ts';
import { readCompose } from './compose/read.ts';
import { readFolder } from './folder.ts';
import { readChart } from './helm.ts';
import { withoutStrangeHooks } from './hooks.ts';
import { requireOwnImage, unpinnedImages } from './image.ts';
import { refuseKinds, withoutDefinitions } from './kinds.ts';
import { readKustomization } from './kustomize.ts';
import { inOneNamespace } from './namespace.ts';
import { refuseRights } from './rights.ts';
import type { Located, Own, Reader } from './types.ts';

/**
 * Reads the Kubernetes objects of an app from the files of its commit, and makes sure that a release can be made of
 * them: nothing that is of the whole cluster, all in one namespace, and the app's image in one of them.
 * @throws FairleadError `manifests/…`, with the file and what to do
 */
export async function readManifests(directory: string, said: Manifests, reader: Reader): Promise<Own> {
  const checkout = await Checkout.at(directory);
  const { located, notices } = await readLocated(checkout, said, reader);
  const hooks = withoutStrangeHooks(located);
  refuseKinds(hooks.kept);
  refuseRights(hooks.kept);
  const inside = inOneNamespace(hooks.kept, reader.namespace);
  const objects = inside.kept.map(({ object }) => object);
  requireOwnImage(objects, reader.app, placeOf(said));
  return {
    objects,
    notices: [
      ...notices,
      ...hooks.notices,
      ...inside.notices,
      ...secretsAmong(objects),
      ...unpinnedImages(objects, reader.app).map(
        (image) => `image ${image} has no digest: what runs may change without a push`,
      ),
    ],
  };
}

/** Whoever commits a Secret with its values has told everybody who reads the repository. */
function secretsAmong(objects: readonly KubernetesObject[]): string[] {
  return objects
    .filter(({ kind, data, stringData }) => kind === 'Secret' && (data ?? stringData) !== undefined)
    .map(
      ({ metadata }) =>
        `Secret ${metadata.name} has its values in the manifests, so in every release on record: make it in the cluster, and name it only`,
    );
}

async function readLocated(
  checkout: Checkout,
  said: Manifests,
  reader: Reader,
): Promise<{ located: Located[]; notices: string[] }> {
  if (typeof said === 'string') return { located: await readFolder(checkout, said), notices: [] };
  if ('kustomize' in said)
    return { located: await readKustomization(checkout, said.kustomize, reader.tools), notices: [] };
  if ('compose' in said) return await readCompose(checkout, said.compose, reader);
  const { kept, notices } = withoutDefinitions(await readChart(checkout, said.helm, reader));
  return { located: kept, notices };
}

/** What people call it. */
function placeOf(said: Manifests): string {
  if (typeof said === 'string') return said;
  if ('kustomize' in said) return said.kustomize;
  return 'compose' in said ? said.compose : said.helm.chart;
}
