import type { KubernetesObject, Release } from '../../lib/release/types.ts';

/** Kinds that carry data which nobody needs to look at a release, and which may be large. */
const DATA = ['data', 'binaryData', 'stringData'] as const;

/** `release` without the contents of its ConfigMaps and the like: a look goes through the execution's history, often. */
export function lean(release: Release): Release {
  return { ...release, jobs: [], resources: release.resources.map(withoutData) };
}

function withoutData(resource: KubernetesObject): KubernetesObject {
  if (!DATA.some((field) => field in resource)) return resource;
  const { data: _data, binaryData: _binary, stringData: _string, ...rest } = resource;
  return rest as KubernetesObject;
}
