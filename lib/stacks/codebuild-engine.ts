import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledgements.ts';
import { grantValue } from './app-secrets.ts';

export interface CodeBuildEngineProps {
  /** What every build does (version 0.2), as an object. */
  buildspec: Record<string, unknown>;
  /** What reads repositories: of the hosts that are shown one token for all of them. */
  tokens: readonly secretsmanager.ISecret[];
  /** Days that logs are kept: one of those that CloudWatch Logs knows. */
  logDays: number;
}

/** Where credentials are given out on a build machine: for instances, and for containers. */
const CREDENTIALS = ['169.254.169.254', '169.254.170.2'];

/**
 * The project that builds are handed over to which no function can do: BuildKit needs a privileged container. It has no
 * source and no network of ours, costs nothing while nothing is built, and one build knows nothing of another.
 */
export class CodeBuildEngine extends Construct {
  readonly project: codebuild.Project;
  /** Where a build finds what it was lent to log in to the registry with. */
  readonly lentTable: dynamodb.TableV2;
  readonly #logGroup: logs.LogGroup;

  constructor(scope: Construct, id: string, { buildspec, tokens, logDays }: CodeBuildEngineProps) {
    super(scope, id);
    this.#logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logDays,
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
    this.lentTable = this.createLentTable(role);
    for (const token of tokens) grantValue(role, token);
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
      { actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], resources: [this.lentTable.tableArn] },
      { actions: ['logs:GetLogEvents'], resources: [this.#logGroup.logGroupArn] },
    ];
    for (const statement of statements)
      grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  }

  /**
   * The project has one role for the builds of all apps, which therefore may do nothing in any registry: each build is
   * lent the password of a session for its own app, and reads it here by a name that only it was told.
   */
  private createLentTable(role: iam.Role): dynamodb.TableV2 {
    const table = new dynamodb.TableV2(this, 'Lent', {
      partitionKey: { name: 'name', type: dynamodb.AttributeType.STRING },
      billing: dynamodb.Billing.onDemand(),
      timeToLiveAttribute: 'expires',
      removalPolicy: RemovalPolicy.DESTROY,
    });
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['dynamodb:GetItem'],
        resources: [table.tableArn],
        conditions: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['lent/*'] },
          // A condition on all values holds where there are none.
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      }),
    );
    return table;
  }

  private acknowledge(): void {
    acknowledge(this, 'Builds leave no artifacts: images are in ECR, and encrypted there', 'CB4');
  }
}
