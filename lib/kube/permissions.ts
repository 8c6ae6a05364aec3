/** A rule of a ClusterRole (rbac.authorization.k8s.io/v1, PolicyRule). */
interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/**
 * What rolling out does in a cluster, and nothing else: the ClusterRole of the group that the function's access
 * entry names. It is one for the cluster because every app has a namespace of its own, which the first rollout makes.
 * The contract tests run with exactly these.
 */
export const DEPLOYER_RULES: Rule[] = [
  // A namespace is created where there is none, waited for while it goes, and removed with a first release that
  // failed; it is never changed.
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch', 'create', 'delete'] },
  // get, create and patch are one fenced apply; delete is the undo of a first release.
  { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['get', 'create', 'patch', 'delete'] },
  {
    apiGroups: ['policy'],
    resources: ['poddisruptionbudgets'],
    verbs: ['get', 'create', 'patch', 'delete'],
  },
  // Followed until a load balancer has its address.
  {
    apiGroups: [''],
    resources: ['services'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  },
  {
    apiGroups: ['apps'],
    resources: ['deployments'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  },
  // What a rollout is followed by.
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['pods', 'events'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  // The address of a NodePort.
  { apiGroups: [''], resources: ['nodes'], verbs: ['list'] },
];
