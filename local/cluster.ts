import { join } from 'node:path';
import type { Principal } from './aws/admission.ts';
import { verifyEksToken } from './aws/eks-token.ts';
import { type Gateway, type Identity, startGateway } from './kubernetes/gateway.ts';
import { startKubernetes } from './kubernetes/start.ts';

/** Rules of a ClusterRole (rbac.authorization.k8s.io/v1, PolicyRule). */
type ClusterRules = readonly {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}[];

/** What rolling out needs in a cluster. */
export interface DeployerRights {
  group: string;
  /** Bound for the whole cluster. */
  everywhere: ClusterRules;
  /** A ClusterRole that whoever rolls out binds in the namespaces of apps. */
  inApps: { clusterRole: string; rules: ClusterRules };
}

export interface ClusterOptions {
  stateDir: string;
  cacheDir: string;
  /** The go program, which compiles the pod runtime. */
  go: string;
  /** Where the stand-in pulls images from that no other loopback registry has. */
  registryHost: string;
  /** Path of a kubeconfig: that cluster is used instead of the stand-in. */
  kubeconfig: string | undefined;
  clusterName: string;
  /** Who may roll out, and what that takes. */
  deployer: Principal | undefined;
  rights: DeployerRights;
}

export interface Cluster {
  endpoint: string;
  /** PEM. */
  ca: string;
  /** Path of a kubeconfig with every right. */
  kubeconfig: string;
  close(): Promise<void>;
}

const NAME = 'fairlead-deployer';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** The stand-in, or a gateway to somebody's cluster: either way only the deployer gets in, with its rules. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { clusterName, deployer, kubeconfig, rights } = options;
  /** EKS's part: the token says which role calls, and the role's access entry says which groups it is in. */
  const authenticate = (token: string): Identity | undefined => {
    const caller = deployer && verifyEksToken(token, { clusterName, principals: [deployer] });
    return caller && { username: caller.arn, groups: [rights.group] };
  };
  if (kubeconfig === undefined) return startStandIn(options, authenticate);
  const gateway = await startGateway({ kubeconfig, authenticate });
  try {
    await bindDeployers(gateway, rights, kubeconfig);
  } catch (error) {
    await gateway.close();
    throw error;
  }
  return { ...gateway, kubeconfig };
}

function rolesAndBinding({ group, everywhere, inApps }: DeployerRights) {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const labels = { 'app.kubernetes.io/managed-by': 'fairlead' };
  const metadata = { name: NAME, labels };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }];
  return [
    { apiVersion, kind: 'ClusterRole', metadata, rules: everywhere },
    { apiVersion, kind: 'ClusterRole', metadata: { name: inApps.clusterRole, labels }, rules: inApps.rules },
    { apiVersion, kind: 'ClusterRoleBinding', metadata, roleRef, subjects },
  ];
}

async function startStandIn(
  { stateDir, cacheDir, go, registryHost, rights }: ClusterOptions,
  authenticate: (token: string) => Identity | undefined,
): Promise<Cluster> {
  const cluster = await startKubernetes({
    stateDir: join(stateDir, 'k'),
    authenticate,
    registryHost,
    go: { binary: go, cache: join(cacheDir, 'pod-runtime') },
  });
  for (const object of rolesAndBinding(rights)) cluster.store.create(object);
  return { ...cluster, kubeconfig: cluster.kubeconfigFile };
}

/** On a cluster of somebody's own: made with their rights, and left there, for the next start finds it as it is. */
async function bindDeployers(gateway: Gateway, rights: DeployerRights, kubeconfig: string): Promise<void> {
  for (const object of rolesAndBinding(rights)) {
    const path = `${RBAC}/${object.kind.toLowerCase()}s/${object.metadata.name}?fieldManager=fairlead&force=true`;
    const status = await gateway
      .asOwner('PATCH', path, object, 'application/apply-patch+yaml')
      .catch((error) => {
        throw new Error(`the cluster of KUBECONFIG ${kubeconfig} does not answer: ${error.message}`);
      });
    if (status >= 300)
      throw new Error(
        `the cluster of KUBECONFIG ${kubeconfig} refused a ${object.kind} with status ${status}: ` +
          'use a kubeconfig that may write ClusterRoles and impersonate',
      );
  }
}
