import type { LoadBalancerScheme } from '../load-balancer-scheme.ts';
import type { Kube } from './client.ts';
import { KubeError } from './error.ts';
import { albClass, hasOthersClass } from './ingress-class.ts';
import { ARM64_NODES } from './node-pool.ts';
import { FIELD_MANAGER } from './owner.ts';
import { DEPLOYERS, type Deployers, deployerRights } from './permissions.ts';
import type { LiveObject, WrittenObject } from './wire.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** Whether the cluster is EKS in Auto Mode, whose nodes for arm64 are asked for by a NodePool. */
export type Nodes = 'auto-mode' | 'of-the-cluster';

/** A cluster, as far as its set-up depends on it. */
export interface ClusterToSetUp {
  nodes: Nodes;
  /** Of a cluster in Auto Mode in which nobody has chosen who serves Ingresses: from where they are reached. */
  ingress?: LoadBalancerScheme;
  /** Those who roll out, where they are not the usual ones. */
  deployers?: Deployers;
}

/**
 * All that has to be in a cluster before Fairlead can roll out: the two ClusterRoles of those who roll out, the binding
 * of the one that is about the cluster as a whole, and, of Auto Mode, nodes for arm64 and a class for Ingresses. Pure.
 */
export function clusterSetup(cluster: ClusterToSetUp): WrittenObject[] {
  const { nodes, ingress, deployers = DEPLOYERS } = cluster;
  const { group, everywhere, inApps } = deployerRights(deployers);
  const labels = { 'app.kubernetes.io/managed-by': 'fairlead' };
  // Of other deployers than the usual ones, as tests have them, the roles have names of their own.
  const name = inApps.clusterRole.replace(/-app$/, '');
  const apiVersion = `${RBAC}/v1`;
  const role = (metadata: WrittenObject['metadata'], rules: unknown) => ({
    apiVersion,
    kind: 'ClusterRole',
    metadata,
    rules,
  });
  const binding = {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
    subjects: [{ apiGroup: RBAC, kind: 'Group', name: group }],
  };
  return [
    role({ name, labels }, everywhere),
    role({ name: inApps.clusterRole, labels }, inApps.rules),
    binding,
    ...(nodes === 'auto-mode' ? [ARM64_NODES] : []),
    ...(nodes === 'auto-mode' && ingress !== undefined ? albClass(ingress) : []),
  ];
}

/** `changed`: it was not there, or was something else. */
export interface Applied {
  /** `ClusterRole/fairlead-deployer` */
  name: string;
  outcome: 'changed' | 'as it was';
}

const COLLECTIONS: Record<string, string> = {
  ClusterRole: `/apis/${RBAC}/v1/clusterroles`,
  ClusterRoleBinding: `/apis/${RBAC}/v1/clusterrolebindings`,
  NodePool: '/apis/karpenter.sh/v1/nodepools',
  IngressClassParams: '/apis/eks.amazonaws.com/v1/ingressclassparams',
  IngressClass: '/apis/networking.k8s.io/v1/ingressclasses',
};

/** Where an object of the set-up is. */
export function pathOf({ kind, metadata }: WrittenObject): string {
  return `${COLLECTIONS[kind]}/${metadata.name}`;
}

/**
 * Applies the objects with the rights of whoever `kube` speaks for, and takes what others have set of them: it is what
 * the roles mean. Throws KubeError, for want of rights too.
 */
export async function applySetup(kube: Kube, objects: readonly WrittenObject[]): Promise<Applied[]> {
  const applied: Applied[] = [];
  for (const object of objects) {
    const path = pathOf(object);
    const before = await kube.find<LiveObject>(path);
    const after = await kube.send<LiveObject>('PATCH', path, {
      query: { fieldManager: FIELD_MANAGER, force: true },
      contentType: 'application/apply-patch+yaml',
      body: object,
    });
    const name = `${object.kind}/${object.metadata.name}`;
    applied.push({ name, outcome: said(before) === said(after) ? 'as it was' : 'changed' });
  }
  return applied;
}

/** An object without what clusters note about it. */
function said(object: LiveObject | undefined): string {
  if (object === undefined) return '';
  const { metadata, status: _, ...rest } = object as LiveObject & { status?: unknown };
  return JSON.stringify({ ...rest, labels: metadata?.labels });
}

/**
 * Looks what the cluster is. `ingress` says from where Ingresses are to be reached in one that Fairlead made; of others,
 * who serves them is their owners' choice.
 */
export async function lookAtCluster(kube: Kube, ingress?: LoadBalancerScheme): Promise<ClusterToSetUp> {
  const nodes = await nodesOf(kube);
  if (nodes !== 'auto-mode' || ingress === undefined || (await hasOthersClass(kube))) return { nodes };
  return { nodes, ingress };
}

/** Whether the cluster has the API of Auto Mode's nodes. */
async function nodesOf(kube: Kube): Promise<Nodes> {
  try {
    await kube.get('/apis/eks.amazonaws.com/v1');
    return 'auto-mode';
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return 'of-the-cluster';
    throw error;
  }
}
