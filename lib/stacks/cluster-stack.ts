import { Aws, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledgeCluster, acknowledgeVpc } from './acknowledgements.ts';
import {
  checkClusterSettings,
  type Endpoint,
  type ExistingCluster,
  NEW_CLUSTER,
  type NewCluster,
} from './cluster-settings.ts';

/** How a function reaches a private endpoint. */
export interface ClusterNetwork {
  vpc: ec2.IVpc;
  subnets: ec2.SubnetSelection;
  /** Those of an existing cluster; with none, the function gets one of its own, which `endpoint` lets in. */
  securityGroups?: ec2.ISecurityGroup[];
  /** The security group in front of the endpoint of a new cluster. */
  endpoint?: string;
}

/** A cluster, and the way to it for the function that rolls out, where that has to be in a VPC. */
export interface ReachableCluster {
  cluster: eks.ICluster;
  network?: ClusterNetwork;
}

/**
 * What a new cluster is called. A name of its own, so that one that was lost is made again under it: other stacks import
 * the name, and CloudFormation changes no export that is imported.
 */
const CLUSTER_NAME = 'fairlead';

export interface ClusterStackProps extends StackProps {
  /** As {@link NEW_CLUSTER} says when left out. */
  settings?: NewCluster;
}

/**
 * The EKS cluster in Auto Mode: AWS runs its nodes and load balancers, and nothing of Fairlead runs in it. What
 * HorizontalPodAutoscalers count by does: metrics-server.
 *
 * What has to be in the cluster is applied by people (lib/kube/cluster-setup.ts): a function that could do it would have
 * to be its administrator for good.
 */
export class ClusterStack extends Stack implements ReachableCluster {
  readonly cluster: eks.Cluster;
  readonly network?: ClusterNetwork;

  constructor(scope: Construct, id: string, { settings = NEW_CLUSTER, ...props }: ClusterStackProps = {}) {
    super(scope, id, props);
    checkClusterSettings(settings);
    this.cluster = this.createCluster(settings);
    const { clusterName, clusterArn, clusterSecurityGroupId, vpc } = this.cluster;
    if (settings.endpoint === 'private')
      this.network = { vpc, subnets: { subnets: vpc.privateSubnets }, endpoint: clusterSecurityGroupId };
    // All that another setting could make the pipeline use: what is exported today can be imported no less tomorrow, and
    // no update has to wait for the stack that imports.
    for (const value of [clusterName, clusterArn, clusterSecurityGroupId, vpc.vpcId]) this.exportValue(value);
    for (const { subnetId } of vpc.privateSubnets) this.exportValue(subnetId);
    new CfnOutput(this, 'ClusterName', { value: clusterName });
  }

  private createCluster({ version, endpoint, admins, natGateways, zones }: NewCluster): eks.Cluster {
    const vpc = new ec2.Vpc(this, 'Vpc', {
      ...(zones.length > 0 ? { availabilityZones: [...zones] } : { maxAzs: 2 }),
      natGateways,
    });
    const cluster = new eks.Cluster(this, 'Cluster', {
      clusterName: CLUSTER_NAME,
      version: eks.KubernetesVersion.of(version),
      vpc,
      endpointAccess: ENDPOINTS[endpoint],
      clusterLogging: [
        eks.ClusterLoggingTypes.API,
        eks.ClusterLoggingTypes.AUDIT,
        eks.ClusterLoggingTypes.AUTHENTICATOR,
        eks.ClusterLoggingTypes.CONTROLLER_MANAGER,
        eks.ClusterLoggingTypes.SCHEDULER,
      ],
      // Else the role that CloudFormation works with would administer it for good.
      bootstrapClusterCreatorAdminPermissions: false,
    });
    acknowledgeCluster(cluster);
    acknowledgeVpc(vpc);
    for (const principal of new Set(admins)) admitAdministrator(this, cluster, principal);
    addMetricsServer(this, cluster);
    return cluster;
  }
}

/**
 * A cluster that is there, as the stack of `scope` knows it: by its name, with no stack of its own. Nothing of it is
 * changed but who may roll out.
 */
export function existingCluster(scope: Construct, settings: ExistingCluster): ReachableCluster {
  checkClusterSettings(settings);
  const { name, endpoint, network } = settings;
  const cluster = eks.Cluster.fromClusterAttributes(scope, 'Cluster', { clusterName: name });
  if (endpoint !== 'private' || network === undefined) return { cluster };
  const subnets = network.subnets.map((id) => ec2.Subnet.fromSubnetId(scope, `Subnet ${id}`, id));
  const securityGroups = network.securityGroups.map((id) =>
    ec2.SecurityGroup.fromSecurityGroupId(scope, `SecurityGroup ${id}`, id, { mutable: false }),
  );
  // Subnets are named one by one; of which zones they are is nobody's question.
  const vpc = ec2.Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId: network.vpc, availabilityZones: ['named'] });
  return { cluster, network: { vpc, subnets: { subnets }, securityGroups } };
}

const ENDPOINTS: Record<Endpoint, eks.EndpointAccess> = {
  public: eks.EndpointAccess.PUBLIC,
  'public-and-private': eks.EndpointAccess.PUBLIC_AND_PRIVATE,
  private: eks.EndpointAccess.PRIVATE,
};

/**
 * What tells autoscalers how much pods use. EKS brings it along with no cluster, Auto Mode or not (Amazon EKS User Guide,
 * "View resource usage with the Kubernetes Metrics Server"), and updates it as an add-on of the community.
 */
function addMetricsServer(scope: Construct, cluster: eks.Cluster): void {
  const addon = new eks.CfnAddon(scope, 'MetricsServer', {
    clusterName: cluster.clusterName,
    addonName: 'metrics-server',
    // Of a cluster that was here before, it may have been put in by hand.
    resolveConflicts: 'OVERWRITE',
  });
  // Its pods wait for a node, which joins the cluster by a NAT gateway.
  addon.node.addDependency(cluster.vpc);
}

/** Makes `principal`, the ARN of a role or user, an administrator. No principal of the stacks is ever one. */
function admitAdministrator(scope: Construct, cluster: eks.Cluster, principal: string): void {
  new eks.CfnAccessEntry(scope, `Admin ${principal}`, {
    clusterName: cluster.clusterName,
    principalArn: principal,
    accessPolicies: [
      {
        policyArn: `arn:${Aws.PARTITION}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`,
        accessScope: { type: 'cluster' },
      },
    ],
  });
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
