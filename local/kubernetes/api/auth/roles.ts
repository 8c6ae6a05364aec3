import type { Store } from '../../store.ts';
import type { Rule } from './rbac.ts';

const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const content: Rule[] = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'persistentvolumeclaims',
      'pods',
      'pods/log',
      'pods/status',
      'serviceaccounts',
      'services',
      'events',
      'limitranges',
      'resourcequotas',
      'namespaces',
    ],
    verbs: read,
  },
  {
    apiGroups: ['apps'],
    resources: withParts('deployments', 'replicasets', 'statefulsets', 'daemonsets'),
    verbs: read,
  },
  { apiGroups: ['batch'], resources: withParts('jobs', 'cronjobs'), verbs: read },
  { apiGroups: ['autoscaling'], resources: withParts('horizontalpodautoscalers'), verbs: read },
  {
    apiGroups: ['networking.k8s.io'],
    resources: [...withParts('ingresses'), 'networkpolicies'],
    verbs: read,
  },
  { apiGroups: ['policy'], resources: withParts('poddisruptionbudgets'), verbs: read },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
];

const changes: Rule[] = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'persistentvolumeclaims',
      'pods',
      'secrets',
      'serviceaccounts',
      'services',
    ],
    verbs: write,
  },
  { apiGroups: [''], resources: ['secrets'], verbs: read },
  {
    apiGroups: ['apps'],
    resources: [
      'deployments',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
      'daemonsets',
    ],
    verbs: write,
  },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: write },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: write },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: write },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: write },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: [...read, ...write] },
];

const rbac: Rule = {
  apiGroups: ['rbac.authorization.k8s.io'],
  resources: ['roles', 'rolebindings'],
  verbs: [...read, ...write],
};

const discovery: Rule = {
  nonResourceURLs: [
    '/api',
    '/api/*',
    '/apis',
    '/apis/*',
    '/healthz',
    '/livez',
    '/livez/*',
    '/openapi',
    '/openapi/*',
    '/readyz',
    '/readyz/*',
    '/version',
    '/version/',
  ],
  verbs: ['get'],
};

const reviews: Rule[] = [
  {
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    verbs: ['create'],
  },
  { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
];

function withParts(...resources: string[]): string[] {
  return resources.flatMap((name) => [name, `${name}/status`, `${name}/scale`]);
}

const everything: Rule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

const roles: Record<string, Rule[]> = {
  'cluster-admin': everything,
  admin: [...content, ...changes, rbac],
  edit: [...content, ...changes],
  view: content,
  'system:discovery': [discovery],
  'system:basic-user': reviews,
};

/** Who has which of them from the start. */
const bindings = [
  { role: 'cluster-admin', group: 'system:masters' },
  { role: 'system:discovery', group: 'system:authenticated' },
  { role: 'system:basic-user', group: 'system:authenticated' },
];

/** Creates the roles that a cluster starts with, as far as a pipeline uses them. */
export function createDefaultRoles(store: Store): void {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
  for (const [name, rules] of Object.entries(roles))
    store.create({ apiVersion, kind: 'ClusterRole', metadata: { name, labels }, rules });
  for (const { role, group } of bindings)
    store.create({
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: role, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
    });
}
