import { Stack, Token, Validations } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/**
 * The findings of cdk-nag's AwsSolutions pack that stand, each with its reason. They are acknowledged finding by
 * finding, so that a new wildcard or managed policy is not covered by an old reason.
 */
export function acknowledge(scope: Construct, reason: string, ...rules: string[]): void {
  // What a function may do stands in the policies of its role, which is beside it.
  const found = scope instanceof lambda.Function && scope.role ? scope.role : scope;
  const ids = rules.map((rule) => `AwsSolutions-${named(rule, Stack.of(scope))}`);
  Validations.of(found).acknowledge(...ids.map((id) => ({ id, reason })));
}

/** ARNs in a stack whose region was said have that in them, in place of what stands for it. */
function named(rule: string, { region, account }: Stack): string {
  return [['<AWS::Region>', region] as const, ['<AWS::AccountId>', account] as const].reduce(
    (text, [what, known]) => (Token.isUnresolved(known) ? text : text.replaceAll(what, known)),
    rule,
  );
}

/** The finding that a role has the AWS managed policy `name` (its path included). */
export function managedPolicy(name: string): string {
  return `IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${name}]`;
}

/** The finding that a policy names the resource pattern `arn`. */
export function resourcePattern(arn: string): string {
  return `IAM5[Resource::${arn}]`;
}

/** What the function that builds and publishes has beside what every function has. */
export function acknowledgeBuilder(made: Construct): void {
  const repositories = 'arn:<AWS::Partition>:ecr:<AWS::Region>:<AWS::AccountId>:repository';
  acknowledge(
    made,
    'An app is set up by its first push, so its repository has no name yet when this is deployed; the prefix is ours',
    resourcePattern(`${repositories}/fairlead/*`),
    resourcePattern(`${repositories}/docker.io/*`),
  );
}

/** What the CDK's cluster construct brings. */
export function acknowledgeCluster(cluster: Construct): void {
  acknowledge(
    cluster,
    'EKS Auto Mode manages nodes, volumes and load balancers through these policies, which AWS keeps in step with it',
    ...['BlockStorage', 'Cluster', 'Compute', 'LoadBalancing', 'Networking'].map((part) =>
      managedPolicy(`AmazonEKS${part}Policy`),
    ),
    managedPolicy('AmazonEC2ContainerRegistryReadOnly'),
    managedPolicy('AmazonEKSWorkerNodePolicy'),
  );
}

/** The VPC of a new cluster. */
export function acknowledgeVpc(vpc: Construct): void {
  acknowledge(vpc, 'Flow logs cost with the traffic; who needs them turns them on for the VPC', 'VPC7');
}

/** What the role of a function has that is in a VPC. */
export function acknowledgeInVpc(made: Construct): void {
  acknowledge(
    made,
    'Lambda makes the network interfaces of a function by this policy; those have no name before they are made',
    managedPolicy('service-role/AWSLambdaVPCAccessExecutionRole'),
  );
}

/** Secrets that a git host shares with us. */
export function acknowledgeHostSecret(secret: Construct): void {
  acknowledge(secret, 'The git host holds the other half: only a person can change both', 'SMG4');
}

/** What the keys of MicroVMs are made from. */
export function acknowledgeVmSecret(secret: Construct): void {
  acknowledge(
    secret,
    'A new value would only end the VMs that are warm; each lives for 8 hours at most',
    'SMG4',
  );
}
