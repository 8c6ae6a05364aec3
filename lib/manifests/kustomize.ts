import type { Checkout } from './checkout.ts';
import { refuseFarPaths } from './kustomization.ts';
import { rendered } from './rendered.ts';
import { noTool } from './tools.ts';
import type { Located, Tools } from './types.ts';

const PLACE = 'fairlead.yaml: manifests.kustomize';

/**
 * The objects of a kustomization, by kustomize itself: without plugins, exec functions and Helm, and with nothing that
 * is not in the repository.
 * @throws FairleadError `manifests/…`
 */
export async function readKustomization(checkout: Checkout, path: string, tools: Tools): Promise<Located[]> {
  const folder = await checkout.find(path, PLACE, 'folder');
  await refuseFarPaths(checkout, checkout.nameOf(folder));
  const program = programOf(tools, folder);
  if (program === undefined) throw noTool('kustomize', PLACE);
  return await rendered({ tool: 'kustomize', program, place: path, checkout });
}

function programOf({ kustomize, kubectl }: Tools, directory: string) {
  if (kustomize !== undefined) return { path: kustomize, args: ['build', directory], directory };
  if (kubectl !== undefined) return { path: kubectl, args: ['kustomize', directory], directory };
  return undefined;
}
