import { App, Stack, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type ClusterSettings,
  type ExistingCluster,
  NEW_CLUSTER,
} from '../../lib/stacks/cluster-settings.ts';
import { admitDeployer, ClusterStack, existingCluster } from '../../lib/stacks/cluster-stack.ts';
import { functionRole } from '../../lib/stacks/function-role.ts';
import { inNetwork } from '../../lib/stacks/in-network.ts';

/** The cluster, and a stack with what of the pipeline reaches it. */
function synthesized(settings: ClusterSettings) {
  const app = new App();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const pipeline = new Stack(app, 'Pipeline');
  const stack = settings.kind === 'new' ? new ClusterStack(app, 'Cluster', { settings }) : undefined;
  const { cluster, network } = stack ?? existingCluster(pipeline, settings as ExistingCluster);
  const log = new logs.LogGroup(pipeline, 'RollOutLogs');
  const role = functionRole(pipeline, 'RollOut', log, { isInVpc: network !== undefined, isTraced: false });
  const rollOut = new lambda.Function(pipeline, 'RollOut', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('//'),
    role,
    ...(network && inNetwork(pipeline, network)),
  });
  admitDeployer(pipeline, cluster, role, 'fairlead:deployers');
  rollOut.addToRolePolicy(
    new iam.PolicyStatement({ actions: ['eks:DescribeCluster'], resources: [cluster.clusterArn] }),
  );
  const made = Template.fromStack(stack ?? pipeline);
  return { cluster: made, pipeline: Template.fromStack(pipeline) };
}

const exportsOf = (template: Template) =>
  Object.keys((template.toJSON().Outputs as Record<string, unknown> | undefined) ?? {}).sort();

const ADMIN = 'arn:aws:iam::123456789012:role/admins/People';

// The first one takes longest: the rules that it is held against are compiled with it.
beforeAll(() => {
  synthesized(NEW_CLUSTER);
}, 240_000);

describe('a new cluster', () => {
  it('is in Auto Mode, lets nobody in but by access entries, and makes nobody its administrator', () => {
    const { cluster } = synthesized(NEW_CLUSTER);
    cluster.hasResourceProperties('AWS::EKS::Cluster', {
      // The same when it has to be made again, as others import it.
      Name: 'fairlead',
      Version: '1.35',
      ComputeConfig: { Enabled: true },
      KubernetesNetworkConfig: { ElasticLoadBalancing: { Enabled: true } },
      StorageConfig: { BlockStorage: { Enabled: true } },
      AccessConfig: { AuthenticationMode: 'API', BootstrapClusterCreatorAdminPermissions: false },
      ResourcesVpcConfig: { EndpointPublicAccess: true, EndpointPrivateAccess: true },
    });
    cluster.resourceCountIs('AWS::EKS::AccessEntry', 0);
    cluster.resourceCountIs('AWS::Lambda::Function', 0);
  });

  it('has what autoscalers count by, once its nodes can join it', () => {
    const { cluster } = synthesized(NEW_CLUSTER);
    const [, addon] = Object.entries(cluster.findResources('AWS::EKS::Addon'))[0] ?? [];
    expect(addon?.Properties).toEqual({
      AddonName: 'metrics-server',
      ClusterName: { Ref: expect.stringMatching(/^Cluster/) },
      ResolveConflicts: 'OVERWRITE',
    });
    const routes = Object.keys(cluster.findResources('AWS::EC2::Route'));
    expect(addon?.DependsOn).toEqual(expect.arrayContaining(routes));
  });

  it('has the administrators that are named, each once, and they are no principals of the stack', () => {
    const { cluster } = synthesized({ ...NEW_CLUSTER, admins: [ADMIN, ADMIN] });
    const entries = Object.values(cluster.findResources('AWS::EKS::AccessEntry'));
    expect(entries.map(({ Properties }) => Properties.PrincipalArn)).toEqual([ADMIN]);
    cluster.hasResourceProperties('AWS::EKS::AccessEntry', {
      AccessPolicies: [Match.objectLike({ AccessScope: { Type: 'cluster' } })],
    });
  });

  it('is of the version and has the gateways that are asked for', () => {
    const { cluster } = synthesized({ ...NEW_CLUSTER, version: '1.36', natGateways: 1 });
    cluster.hasResourceProperties('AWS::EKS::Cluster', { Version: '1.36' });
    cluster.resourceCountIs('AWS::EC2::NatGateway', 1);
  });

  it('is in the zones that are named, or in the first two that CloudFormation knows', () => {
    const zonesOf = (zones: readonly string[]) => {
      const { cluster } = synthesized({ ...NEW_CLUSTER, zones });
      const subnets = Object.values(cluster.findResources('AWS::EC2::Subnet'));
      return subnets.map(({ Properties }) => Properties.AvailabilityZone);
    };
    expect(zonesOf(['us-east-1b', 'us-east-1d'])).toEqual([
      ...['us-east-1b', 'us-east-1d'],
      ...['us-east-1b', 'us-east-1d'],
    ]);
    const [first, second] = [0, 1].map((at) => ({ 'Fn::Select': [at, { 'Fn::GetAZs': '' }] }));
    expect(zonesOf([])).toEqual([first, second, first, second]);
  });

  it.each(['public', 'public-and-private'] as const)(
    'with a %s endpoint leaves functions outside',
    (endpoint) => {
      const { cluster, pipeline } = synthesized({ ...NEW_CLUSTER, endpoint });
      cluster.hasResourceProperties('AWS::EKS::Cluster', {
        ResourcesVpcConfig: {
          EndpointPublicAccess: true,
          EndpointPrivateAccess: endpoint === 'public-and-private',
        },
      });
      pipeline.hasResourceProperties('AWS::Lambda::Function', { VpcConfig: Match.absent() });
      pipeline.resourceCountIs('AWS::EC2::SecurityGroup', 0);
    },
  );

  it('with a private endpoint takes the function that rolls out to it, and lets it in', () => {
    const { cluster, pipeline } = synthesized({ ...NEW_CLUSTER, endpoint: 'private' });
    cluster.hasResourceProperties('AWS::EKS::Cluster', {
      ResourcesVpcConfig: { EndpointPublicAccess: false, EndpointPrivateAccess: true },
    });
    pipeline.hasResourceProperties('AWS::Lambda::Function', {
      VpcConfig: { SubnetIds: [Match.anyValue(), Match.anyValue()] },
    });
    pipeline.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupEgress: [Match.objectLike({ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 })],
      SecurityGroupIngress: Match.absent(),
    });
    pipeline.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { FromPort: 443, ToPort: 443 });
    // The network interfaces.
    expect(JSON.stringify(pipeline.findResources('AWS::IAM::Role'))).toContain(
      'AWSLambdaVPCAccessExecutionRole',
    );
  });

  it('exports the same whatever its settings are, so that no update waits for an importer', () => {
    const every = (['public', 'public-and-private', 'private'] as const).map((endpoint) =>
      exportsOf(synthesized({ ...NEW_CLUSTER, endpoint }).cluster),
    );
    expect(every[0]).toEqual(every[1]);
    expect(every[0]).toEqual(every[2]);
    const names = (every[0] ?? []).filter((name) => name.startsWith('Exports'));
    // The cluster's name and ARN, its security group, its VPC, and two private subnets.
    expect(names).toHaveLength(6);
  });
});

describe('an existing cluster', () => {
  const SUBNETS = ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'];
  const EXISTING = { kind: 'existing', name: 'company', endpoint: 'public' } as const;

  it('is changed in nothing but who may roll out', () => {
    const { pipeline } = synthesized(EXISTING);
    const types = Object.values(pipeline.toJSON().Resources as Record<string, { Type: string }>).map(
      ({ Type }) => Type,
    );
    expect(types.filter((type) => /^AWS::(EKS|EC2)::/.test(type))).toEqual(['AWS::EKS::AccessEntry']);
    expect(exportsOf(pipeline)).toEqual([]);
    pipeline.hasResourceProperties('AWS::EKS::AccessEntry', {
      ClusterName: 'company',
      KubernetesGroups: ['fairlead:deployers'],
      AccessPolicies: Match.absent(),
    });
    expect(JSON.stringify(pipeline.findResources('AWS::IAM::Policy'))).toMatch(/cluster\/company/);
  });

  it('with a private endpoint is reached from the subnets that are named', () => {
    const network = {
      vpc: 'vpc-0123456789abcdef0',
      subnets: SUBNETS,
      securityGroups: ['sg-0123456789abcdef0'],
    };
    const { pipeline } = synthesized({ ...EXISTING, endpoint: 'private', network });
    pipeline.hasResourceProperties('AWS::Lambda::Function', {
      VpcConfig: { SubnetIds: SUBNETS, SecurityGroupIds: ['sg-0123456789abcdef0'] },
    });
    pipeline.resourceCountIs('AWS::EC2::SecurityGroup', 0);
    pipeline.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    expect(() => synthesized({ ...EXISTING, endpoint: 'private' })).toThrow(/name its VPC/);
  });
});
