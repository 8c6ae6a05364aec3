import { apiVersionOf, type Kind, kinds, type Subresource } from '../kinds.ts';

/** A resource or subresource as discovery lists it. Source: apimachinery `meta/v1.APIResource`. */
interface Resource {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  group?: string;
  version?: string;
  verbs: string[];
  shortNames?: readonly string[];
  categories?: readonly string[];
}

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const subresourceVerbs: Record<Subresource, string[]> = {
  status: ['get', 'patch', 'update'],
  scale: ['get', 'patch', 'update'],
  finalize: ['update'],
  log: ['get'],
};

/** Groups in the order in which clients prefer them: the core group first. */
const groups = [...new Set(kinds.map(({ group }) => group))];

/** One version a group is all that we have. */
function versionOf(group: string): string {
  return kinds.find((kind) => kind.group === group)?.version ?? 'v1';
}

function ofVersion(group: string, version: string): Kind[] {
  return kinds.filter((kind) => kind.group === group && kind.version === version);
}

function resourcesOf(kind: Kind): Resource[] {
  const { plural, singular, namespaced, shortNames, categories } = kind;
  const main: Resource = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs: kind.stored ? allVerbs : ['create'],
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
  };
  const parts = kind.subresources.map((part): Resource => {
    const type =
      part === 'scale' ? { group: 'autoscaling', version: 'v1', kind: 'Scale' } : { kind: kind.kind };
    return {
      name: `${plural}/${part}`,
      singularName: '',
      namespaced,
      ...type,
      verbs: subresourceVerbs[part],
    };
  });
  return [main, ...parts];
}

/** `GET /api` */
export function coreVersions(host: string) {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: host }];
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs };
}

function groupOf(name: string) {
  const version = versionOf(name);
  const preferredVersion = { groupVersion: `${name}/${version}`, version };
  return { name, versions: [preferredVersion], preferredVersion };
}

/** `GET /apis` */
export function groupList() {
  const named = groups.filter((name) => name !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(groupOf) };
}

/** `GET /apis/GROUP`; undefined when there is no such group. */
export function oneGroup(name: string) {
  return name !== '' && groups.includes(name)
    ? { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(name) }
    : undefined;
}

/** `GET /api/v1`, `GET /apis/GROUP/VERSION`; undefined when there is no such version. */
export function resourceList(group: string, version: string) {
  const found = ofVersion(group, version);
  if (found.length === 0) return undefined;
  const groupVersion = apiVersionOf({ group, version });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: found.flatMap(resourcesOf) };
}

/** Everything of `/api` or `/apis` in one answer. Source: apimachinery `apidiscovery/v2.APIGroupDiscoveryList`. */
export function aggregated(root: 'api' | 'apis', discoveryVersion: string) {
  const names = groups.filter((name) => (name === '') === (root === 'api'));
  const items = names.map((name) => ({
    metadata: { name, creationTimestamp: null },
    versions: [
      {
        version: versionOf(name),
        resources: ofVersion(name, versionOf(name)).map((kind) => describe(kind)),
        freshness: 'Current',
      },
    ],
  }));
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${discoveryVersion}`,
    metadata: {},
    items,
  };
}

function describe(kind: Kind) {
  const { group, version } = kind;
  const [main, ...parts] = resourcesOf(kind);
  const { name: resource, singularName: singularResource, verbs, shortNames, categories } = main as Resource;
  return {
    resource,
    responseKind: { group, version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource,
    verbs,
    ...(shortNames && { shortNames }),
    ...(categories && { categories }),
    ...(parts.length > 0 && {
      subresources: parts.map((part) => ({
        subresource: part.name.split('/')[1],
        responseKind: { group: part.group ?? group, version: part.version ?? version, kind: part.kind },
        verbs: part.verbs,
      })),
    }),
  };
}
