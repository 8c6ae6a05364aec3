import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge, resourcePattern } from './acknowledgements.ts';
import type { RegistryStack } from './registry-stack.ts';

export interface CodeBuildEngineProps {
  /** What every build does (version 0.2), as an object. */
  buildspec: Record<string, unknown>;
  registry: RegistryStack;
  /** The token that reads repositories. */
  hostToken: secretsmanager.ISecret;
}

/** Where credentials are given out on a build machine: for instances, and for containers. */
const CREDENTIALS = ['169.254.169.254', '169.254.170.2'];

/**
 * The project that builds are handed over to which no function can do: BuildKit needs a privileged container. It has no
 * source and no network of ours, costs nothing while nothing is built, and one build knows nothing of another.
 */
export class CodeBuildEngine extends Construct {
  readonly project: codebuild.Project;
  readonly #logGroup: logs.LogGroup;

  constructor(scope: Construct, id: string, { buildspec, registry, hostToken }: CodeBuildEngineProps) {
    super(scope, id);
    this.#logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logs.RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('codebuild.amazonaws.com'),
    });
    this.project = new codebuild.Project(this, 'Project', {
      description: 'Fairlead: images that the build function cannot build itself',
      buildSpec: codebuild.BuildSpec.fromObject(buildspec),
      environment: {
        // A build for arm64 names that machine and image itself.
        buildImage: codebuild.LinuxBuildImage.AMAZON_LINUX_2023_5,
        computeType: codebuild.ComputeType.MEDIUM,
        privileged: true,
      },
      environmentVariables: { FAIRLEAD_OUT_OF_REACH: { value: CREDENTIALS.join(' ') } },
      logging: { cloudWatch: { logGroup: this.#logGroup } },
      timeout: Duration.hours(1),
      queuedTimeout: Duration.minutes(30),
      // What the CDK would add, log groups by pattern and report groups, is not needed.
      role: role.withoutPolicyUpdates(),
    });
    registry.grantBuild(role);
    hostToken.grantRead(role);
    this.#logGroup.grantWrite(role);
    this.acknowledge();
  }

  /** Lets `grantee` hand builds over, follow them, and stop those that were superseded. */
  grantUse(grantee: iam.IGrantable): void {
    const statements = [
      {
        actions: [
          'codebuild:BatchGetBuilds',
          'codebuild:ListBuildsForProject',
          'codebuild:StartBuild',
          'codebuild:StopBuild',
        ],
        resources: [this.project.projectArn],
      },
      { actions: ['logs:GetLogEvents'], resources: [this.#logGroup.logGroupArn] },
    ];
    for (const statement of statements)
      grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  }

  private acknowledge(): void {
    acknowledge(this, 'BuildKit in a container needs privileges; the machine is one build’s alone', 'CB3');
    acknowledge(this, 'Builds leave no artifacts: images are in ECR, and encrypted there', 'CB4');
    const repositories = 'arn:<AWS::Partition>:ecr:<AWS::Region>:<AWS::AccountId>:repository';
    acknowledge(
      this,
      'An app is set up by its first push, so its repository has no name yet when this is deployed; the prefix is ours',
      resourcePattern(`${repositories}/fairlead/*`),
      resourcePattern(`${repositories}/docker.io/*`),
    );
    acknowledge(this, 'ecr:GetAuthorizationToken takes no resource', resourcePattern('*'));
  }
}
