/** A rule of a ClusterRole (rbac.authorization.k8s.io/v1, PolicyRule). */
interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** One fenced apply: it is looked at, created or patched. And what a release no longer contains is taken away. */
const APPLY = ['get', 'create', 'patch', 'delete'];
const FOLLOW = ['list', 'watch'];

/**
 * What rolling out does in a cluster, and nothing else: the ClusterRole of the group that the function's access
 * entry names. It is one for the cluster because every app has a namespace of its own, which the first rollout makes.
 * The contract tests run with exactly these. Nothing of it escalates: without the verbs `escalate` and `bind` the
 * cluster lets a Role be written only if all that it grants is in here.
 */
export const DEPLOYER_RULES: Rule[] = [
  // Waited for while they go; patched for their labels where they are Fairlead's.
  { apiGroups: [''], resources: ['namespaces'], verbs: [...APPLY, ...FOLLOW] },
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
  { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: APPLY },
  // What a rollout is followed by.
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: FOLLOW },
  { apiGroups: [''], resources: ['pods', 'events'], verbs: FOLLOW },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  // The address of a NodePort.
  { apiGroups: [''], resources: ['nodes'], verbs: ['list'] },
];
