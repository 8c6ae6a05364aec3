/** A rule of a ClusterRole (rbac.authorization.k8s.io/v1, PolicyRule). */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  /** The only objects that it is about; absent where it is about all of them. */
  resourceNames?: string[];
}

/** Who rolls out, as RBAC knows them, and the ClusterRole that holds what they may do in an app's namespace. */
export interface Deployers {
  group: string;
  clusterRole: string;
}

/** The group that the access entry of the function names, and the role that it binds namespace by namespace. */
export const DEPLOYERS: Deployers = { group: 'fairlead:deployers', clusterRole: 'fairlead-deployer-app' };

/** What rolling out needs in a cluster, and nothing else. The contract tests run with exactly these. */
export interface DeployerRights {
  group: string;
  /** For a ClusterRoleBinding: what is about the cluster as a whole. */
  everywhere: Rule[];
  /** For a RoleBinding in each namespace of an app, and nowhere else. */
  inApps: { clusterRole: string; rules: Rule[] };
}

/** One fenced apply: it is looked at, created or patched. And what a release no longer contains is taken away. */
const APPLY = ['get', 'create', 'patch', 'delete'];
const FOLLOW = ['list', 'watch'];
const RBAC = 'rbac.authorization.k8s.io';

/**
 * Rights in an app's namespace. Nothing of it escalates: without the verb `escalate`, and with `bind` on none but this
 * very role, the cluster lets a Role be written only if all that it grants is in here.
 */
const APP_RULES: Rule[] = [
  // Its own namespace: patched for its labels, and removed with a preview. `namespaces` is in a namespace by its name.
  { apiGroups: [''], resources: ['namespaces'], verbs: ['patch', 'delete'] },
  // Inventories are listed before a namespace goes that another app may be in.
  { apiGroups: [''], resources: ['configmaps'], verbs: [...APPLY, 'list'] },
  // Never listed: that would be the right to read them all at once. `get` also tells whether what pods refer to is there.
  { apiGroups: [''], resources: ['secrets'], verbs: APPLY },
  {
    apiGroups: [''],
    resources: ['serviceaccounts', 'persistentvolumeclaims', 'resourcequotas', 'limitranges'],
    verbs: APPLY,
  },
  // Followed until a load balancer has its address.
  { apiGroups: [''], resources: ['services'], verbs: [...APPLY, ...FOLLOW] },
  {
    apiGroups: ['apps'],
    resources: ['deployments', 'statefulsets', 'daemonsets'],
    verbs: [...APPLY, ...FOLLOW],
  },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: [...APPLY, ...FOLLOW] },
  { apiGroups: ['batch'], resources: ['cronjobs'], verbs: APPLY },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: APPLY },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: APPLY },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: APPLY },
  { apiGroups: [RBAC], resources: ['roles', 'rolebindings'], verbs: APPLY },
  // What a rollout is followed by.
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: FOLLOW },
  { apiGroups: [''], resources: ['pods', 'events'], verbs: FOLLOW },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
];

/**
 * The rights of `deployers`. RBAC cannot bound in which namespaces a RoleBinding is created, so that of binding the one
 * role holds in all of them; lib/rollout/rights.ts uses it in Fairlead's own only.
 */
export function deployerRights({ group, clusterRole }: Deployers = DEPLOYERS): DeployerRights {
  return {
    group,
    everywhere: [
      // Waited for while they go.
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'create', ...FOLLOW] },
      { apiGroups: [RBAC], resources: ['rolebindings'], verbs: ['create'] },
      { apiGroups: [RBAC], resources: ['clusterroles'], verbs: ['bind'], resourceNames: [clusterRole] },
      // The address of a NodePort.
      { apiGroups: [''], resources: ['nodes'], verbs: ['list'] },
    ],
    inApps: { clusterRole, rules: APP_RULES },
  };
}
