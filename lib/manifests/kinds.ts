import { fault } from './fault.ts';
import { groupOf } from './objects.ts';
import type { Located } from './types.ts';

/** Kinds of Kubernetes that are in no namespace, by their API group. */
const CLUSTER_SCOPED: Record<string, readonly string[]> = {
  '': ['Node', 'PersistentVolume', 'ComponentStatus'],
  'admissionregistration.k8s.io': [
    'MutatingWebhookConfiguration',
    'ValidatingWebhookConfiguration',
    'MutatingAdmissionPolicy',
    'MutatingAdmissionPolicyBinding',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
  ],
  'apiextensions.k8s.io': ['CustomResourceDefinition'],
  'apiregistration.k8s.io': ['APIService'],
  'certificates.k8s.io': ['CertificateSigningRequest', 'ClusterTrustBundle'],
  'flowcontrol.apiserver.k8s.io': ['FlowSchema', 'PriorityLevelConfiguration'],
  'networking.k8s.io': ['IngressClass', 'IPAddress', 'ServiceCIDR'],
  'node.k8s.io': ['RuntimeClass'],
  policy: ['PodSecurityPolicy'],
  'rbac.authorization.k8s.io': ['ClusterRole', 'ClusterRoleBinding'],
  'resource.k8s.io': ['DeviceClass', 'ResourceSlice'],
  'scheduling.k8s.io': ['PriorityClass'],
  'storage.k8s.io': ['StorageClass', 'CSIDriver', 'CSINode', 'VolumeAttachment', 'VolumeAttributesClass'],
};

/** Pods whose template nobody can change afterwards: the second release would be refused. */
const UNCHANGEABLE = ['Pod', 'ReplicaSet', 'ReplicationController'];

/** What Fairlead keeps its own account in, and its rights. */
const RESERVED = /^fairlead-(inventory-.*|deployer|fork)$/;
/** What bounds a preview: an app's own of that name would take its place. */
const BOUNDS = ['ResourceQuota', 'LimitRange'];

/**
 * Refuses what no app may bring: what Fairlead itself needs, what is in no namespace (a push to one app's repository would change the whole
 * cluster), and what no second release can change.
 * @throws FairleadError `manifests/refused-kind`
 */
export function refuseKinds(located: readonly Located[]): void {
  for (const { object, place } of located) {
    const { kind, metadata } = object;
    const group = groupOf(object);
    if (RESERVED.test(metadata.name) || (BOUNDS.includes(kind) && metadata.name === 'fairlead'))
      throw fault(
        'refused-kind',
        place,
        `${kind} ${metadata.name} has a name that is Fairlead's`,
        'give it another',
      );
    if (CLUSTER_SCOPED[group]?.includes(kind))
      throw fault(
        'refused-kind',
        place,
        `${kind} ${metadata.name} is of the whole cluster: an app has its namespace only`,
        kind === 'ClusterRole' || kind === 'ClusterRoleBinding'
          ? 'write a Role and a RoleBinding, or let an administrator apply it'
          : 'let an administrator of the cluster apply it, and take it out of these manifests',
      );
    if (group === '' && UNCHANGEABLE.includes(kind))
      throw fault(
        'refused-kind',
        place,
        `${kind} ${metadata.name} cannot be rolled out: what its pods are made of never changes`,
        'write a Deployment',
      );
    if (group === 'apps' && kind === 'ReplicaSet')
      throw fault(
        'refused-kind',
        place,
        `ReplicaSet ${metadata.name} cannot be rolled out`,
        'write a Deployment',
      );
  }
}

/** Leaves out a chart's definitions of custom resources, which come with it whether the app wants them or not. */
export function withoutDefinitions(located: readonly Located[]): { kept: Located[]; notices: string[] } {
  const isDefinition = ({ object: { kind } }: Located) => kind === 'CustomResourceDefinition';
  return {
    kept: located.filter((one) => !isDefinition(one)),
    notices: located
      .filter(isDefinition)
      .map(
        ({ object: { metadata } }) =>
          `CustomResourceDefinition ${metadata.name} is left out: it is of the whole cluster, an administrator applies it`,
      ),
  };
}
