/** The parts of an object's address that discovery, routes, OpenAPI and the store need to know about its kind. */
export interface Kind {
  kind: string;
  /** API group, empty for the core group (`v1`). */
  group: string;
  version: string;
  /** Name in URLs: `deployments`. */
  plural: string;
  singular: string;
  shortNames: readonly string[];
  namespaced: boolean;
  categories: readonly string[];
  subresources: readonly Subresource[];
  /** Whether `metadata.generation` counts the changes of the spec. */
  counted: boolean;
  /** Reviews are answered, not stored: only `create` exists. */
  stored: boolean;
}

export type Subresource = 'status' | 'scale' | 'log' | 'finalize';

type Traits = Partial<
  Pick<Kind, 'plural' | 'shortNames' | 'namespaced' | 'categories' | 'subresources' | 'counted' | 'stored'>
>;

const status: Traits = { subresources: ['status'] };
const counted: Traits = { subresources: ['status'], counted: true };
const workload: Traits = { subresources: ['status', 'scale'], counted: true, categories: ['all'] };
const cluster: Traits = { namespaced: false };
const review: Traits = { namespaced: false, stored: false };

/** Every kind that the API server knows; what is not in this table does not exist. */
export const kinds: readonly Kind[] = [
  define('v1', 'Namespace', { ...cluster, subresources: ['status', 'finalize'], shortNames: ['ns'] }),
  define('v1', 'Node', { ...cluster, ...status, shortNames: ['no'] }),
  define('v1', 'Pod', {
    subresources: ['status', 'log'],
    shortNames: ['po'],
    categories: ['all'],
  }),
  define('v1', 'Service', { ...status, shortNames: ['svc'], categories: ['all'] }),
  define('v1', 'Endpoints', { plural: 'endpoints', shortNames: ['ep'] }),
  define('v1', 'ConfigMap', { shortNames: ['cm'] }),
  define('v1', 'Secret', {}),
  define('v1', 'ServiceAccount', { shortNames: ['sa'] }),
  define('v1', 'Event', { shortNames: ['ev'] }),
  define('v1', 'ResourceQuota', { ...status, shortNames: ['quota'] }),
  define('v1', 'LimitRange', { shortNames: ['limits'] }),
  define('v1', 'PersistentVolumeClaim', { ...status, shortNames: ['pvc'] }),
  define('apps/v1', 'Deployment', { ...workload, shortNames: ['deploy'] }),
  define('apps/v1', 'ReplicaSet', { ...workload, shortNames: ['rs'] }),
  define('apps/v1', 'StatefulSet', { ...workload, shortNames: ['sts'] }),
  define('apps/v1', 'DaemonSet', { ...counted, shortNames: ['ds'], categories: ['all'] }),
  define('batch/v1', 'Job', { ...counted, categories: ['all'] }),
  define('batch/v1', 'CronJob', { ...counted, shortNames: ['cj'], categories: ['all'] }),
  define('networking.k8s.io/v1', 'Ingress', { ...counted, plural: 'ingresses', shortNames: ['ing'] }),
  // Kept and shown; who enforces it in a cluster is its network, and pods here have none that reaches others.
  define('networking.k8s.io/v1', 'NetworkPolicy', {
    plural: 'networkpolicies',
    shortNames: ['netpol'],
    counted: true,
  }),
  define('policy/v1', 'PodDisruptionBudget', { ...counted, shortNames: ['pdb'] }),
  define('autoscaling/v2', 'HorizontalPodAutoscaler', {
    ...status,
    shortNames: ['hpa'],
    categories: ['all'],
  }),
  define('rbac.authorization.k8s.io/v1', 'Role', {}),
  define('rbac.authorization.k8s.io/v1', 'RoleBinding', {}),
  define('rbac.authorization.k8s.io/v1', 'ClusterRole', cluster),
  define('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', cluster),
  define('coordination.k8s.io/v1', 'Lease', {}),
  define('discovery.k8s.io/v1', 'EndpointSlice', {}),
  define('events.k8s.io/v1', 'Event', { shortNames: ['ev'] }),
  define('authentication.k8s.io/v1', 'TokenReview', review),
  define('authentication.k8s.io/v1', 'SelfSubjectReview', review),
  define('authorization.k8s.io/v1', 'SelfSubjectAccessReview', review),
  define('authorization.k8s.io/v1', 'SelfSubjectRulesReview', review),
];

function define(apiVersion: string, kind: string, traits: Traits): Kind {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const singular = kind.toLowerCase();
  return {
    kind,
    group,
    version,
    plural: `${singular}s`,
    singular,
    shortNames: [],
    namespaced: true,
    categories: [],
    subresources: [],
    counted: false,
    stored: true,
    ...traits,
  };
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The kind under which objects are stored; both groups' events are core events. Undefined for what is unknown. */
export function storedKind(kind: string): Kind | undefined {
  return kinds.find((each) => each.kind === kind);
}

/** The kind that a URL names: `resource('apps', 'v1', 'deployments')`. */
export function resource(group: string, version: string, plural: string): Kind | undefined {
  return kinds.find((each) => each.group === group && each.version === version && each.plural === plural);
}

/** `deployments.apps`, as error messages and `kubectl` name a resource. */
export function qualifiedName({ plural, group }: Pick<Kind, 'plural' | 'group'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}
