import { KubectlV35Layer } from '@aws-cdk/lambda-layer-kubectl-v35';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledgeCluster } from './acknowledgements.ts';

/** A rule of a Kubernetes ClusterRole (rbac.authorization.k8s.io/v1, PolicyRule). */
export interface ClusterRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** What rolling out needs in a cluster. */
export interface DeployerRights {
  /** The group that RBAC binds and access entries name. */
  group: string;
  /** Bound for the whole cluster. */
  everywhere: readonly ClusterRule[];
  /** A ClusterRole that is bound in the namespaces of apps, by whoever rolls out. */
  inApps: { clusterRole: string; rules: readonly ClusterRule[] };
}

/**
 * Nodes for images that are for arm64, as Auto Mode's own pool `general-purpose` has them for amd64 (Amazon EKS User
 * Guide, "Create a Node Pool for EKS Auto Mode"). Pods say by `kubernetes.io/arch` which ones they need; a pool without
 * pods has no nodes.
 */
const ARM64_NODES = {
  apiVersion: 'karpenter.sh/v1',
  kind: 'NodePool',
  metadata: { name: 'fairlead-arm64', labels: { 'app.kubernetes.io/managed-by': 'fairlead' } },
  spec: {
    template: {
      spec: {
        nodeClassRef: { group: 'eks.amazonaws.com', kind: 'NodeClass', name: 'default' },
        requirements: [
          { key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] },
          { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] },
          { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] },
          { key: 'eks.amazonaws.com/instance-category', operator: 'In', values: ['c', 'm', 'r'] },
          { key: 'eks.amazonaws.com/instance-generation', operator: 'Gt', values: ['4'] },
        ],
        expireAfter: '336h',
        terminationGracePeriod: '24h',
      },
    },
    disruption: {
      budgets: [{ nodes: '10%' }],
      consolidateAfter: '30s',
      consolidationPolicy: 'WhenEmptyOrUnderutilized',
    },
  },
};

export interface ClusterStackProps extends StackProps {
  /** What the function that rolls out may do in the cluster. */
  deployers: DeployerRights;
}

/** The EKS cluster in Auto Mode: AWS runs its nodes and load balancers, and nothing of Fairlead runs in it. */
export class ClusterStack extends Stack {
  readonly cluster: eks.Cluster;
  /** The group of those who roll out. */
  readonly deployers: string;

  constructor(scope: Construct, id: string, { deployers, ...props }: ClusterStackProps) {
    super(scope, id, props);
    this.cluster = new eks.Cluster(this, 'Cluster', {
      version: eks.KubernetesVersion.V1_35,
      // Public for the functions, which so stay out of the VPC; every call is authenticated by IAM all the same.
      endpointAccess: eks.EndpointAccess.PUBLIC_AND_PRIVATE,
      clusterLogging: [
        eks.ClusterLoggingTypes.API,
        eks.ClusterLoggingTypes.AUDIT,
        eks.ClusterLoggingTypes.AUTHENTICATOR,
        eks.ClusterLoggingTypes.CONTROLLER_MANAGER,
        eks.ClusterLoggingTypes.SCHEDULER,
      ],
      // Applies the roles below at deploy time; nothing calls it between deployments.
      kubectlProviderOptions: { kubectlLayer: new KubectlV35Layer(this, 'Kubectl') },
    });
    acknowledgeCluster(this.cluster);
    this.cluster.addManifest('Arm64', ARM64_NODES);
    this.deployers = deployers.group;
    this.bindDeployers(deployers);
    new CfnOutput(this, 'ClusterName', { value: this.cluster.clusterName });
  }

  /** Says what members of the group may do in the cluster, and what they may give themselves in an app's namespace. */
  private bindDeployers({ group, everywhere, inApps }: DeployerRights): void {
    const labels = { 'app.kubernetes.io/managed-by': 'fairlead' };
    const metadata = { name: 'fairlead-deployer', labels };
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    this.cluster.addManifest(
      'Deployers',
      { apiVersion, kind: 'ClusterRole', metadata, rules: everywhere },
      {
        apiVersion,
        kind: 'ClusterRole',
        metadata: { name: inApps.clusterRole, labels },
        rules: inApps.rules,
      },
      {
        apiVersion,
        kind: 'ClusterRoleBinding',
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
      },
    );
  }
}

/**
 * Makes the Lambda role `role` a member of `group`, by an access entry of the cluster. It belongs to the stack of the
 * role: the cluster knows of no function.
 */
export function admitDeployer(scope: Construct, cluster: eks.ICluster, role: iam.IRole, group: string): void {
  new eks.CfnAccessEntry(scope, 'Deployer', {
    clusterName: cluster.clusterName,
    principalArn: role.roleArn,
    kubernetesGroups: [group],
  });
}
