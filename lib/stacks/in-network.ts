import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { ClusterNetwork } from './cluster-stack.ts';

const HTTPS = 443;

/** What makes a function of `scope` reach a private endpoint: network interfaces beside it, which it lets in. */
export function inNetwork(
  scope: Construct,
  { vpc, subnets, securityGroups, endpoint }: ClusterNetwork,
): Pick<lambda.FunctionOptions, 'vpc' | 'vpcSubnets' | 'securityGroups'> {
  if (endpoint === undefined) return { vpc, vpcSubnets: subnets, ...(securityGroups && { securityGroups }) };
  // Nothing comes in: it only asks. What it asks is the cluster, and AWS, both over HTTPS.
  const own = new ec2.SecurityGroup(scope, 'RollOutNetwork', {
    vpc,
    description: 'Fairlead: the function that rolls out',
    allowAllOutbound: false,
  });
  own.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(HTTPS), 'the cluster and the services of AWS');
  // Of this stack, so that the cluster knows of no function.
  new ec2.CfnSecurityGroupIngress(scope, 'RollOutMayAsk', {
    groupId: endpoint,
    ipProtocol: 'tcp',
    fromPort: HTTPS,
    toPort: HTTPS,
    sourceSecurityGroupId: own.securityGroupId,
    description: 'Fairlead: the function that rolls out',
  });
  return { vpc, vpcSubnets: subnets, securityGroups: [own] };
}
