import { App, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it } from 'vitest';
import { installation } from '../../bin/installation.ts';
import { CACHE_TAG_PREFIX } from '../../lib/build/cache/tag.ts';
import { type Config, DEFAULTS } from '../../lib/config/config.ts';
import { EXPIRES } from '../../lib/ledger/table.ts';
import { FUNCTIONS } from '../../lib/stacks/functions.ts';

type Stacks = ReturnType<typeof installation>;

interface Statement {
  Action: string | string[];
  Effect: string;
  Resource: unknown;
}

let stacks: Stacks;
let templates: Record<keyof Stacks, Template>;

beforeAll(() => {
  const app = new App();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  stacks = installation(app);
  templates = Object.fromEntries(
    Object.entries(stacks).map(([name, stack]) => [name, Template.fromStack(stack)]),
  ) as typeof templates;
}, 120_000);

/** Every statement of every inline and attached policy, with the policy's logical id. */
function statements(template: Template): { policy: string; statement: Statement }[] {
  const resources = template.toJSON().Resources as Record<string, { Type: string; Properties: never }>;
  return Object.entries(resources).flatMap(([policy, { Type, Properties }]) => {
    const documents: { Statement: Statement[] }[] =
      Type === 'AWS::IAM::Policy'
        ? [(Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument]
        : Type === 'AWS::IAM::Role'
          ? (
              (Properties as { Policies?: { PolicyDocument: { Statement: Statement[] } }[] }).Policies ?? []
            ).map(({ PolicyDocument }) => PolicyDocument)
          : [];
    return documents.flatMap(({ Statement }) => Statement.map((statement) => ({ policy, statement })));
  });
}

const actionsOf = ({ Action }: Statement) => [Action].flat();

describe('permissions', () => {
  it('name every action: no role has a wildcard in one', () => {
    const all = Object.values(templates).flatMap(statements);
    expect(all.length).toBeGreaterThan(10);
    const wild = all.filter(({ statement }) => actionsOf(statement).some((action) => action.includes('*')));
    expect(wild).toEqual([]);
  });

  it('let the builder write images of apps only', () => {
    const builder = statements(templates.pipeline).filter(({ policy }) => policy.startsWith('BuildImage'));
    const writing = builder.filter(({ statement }) => actionsOf(statement).includes('ecr:PutImage'));
    expect(writing).toHaveLength(1);
    expect(JSON.stringify(writing[0]?.statement.Resource)).toMatch(/:repository\/fairlead\/\*/);
    const services = new Set(
      builder.flatMap(({ statement }) => actionsOf(statement)).map((a) => a.split(':')[0]),
    );
    expect([...services].sort()).toEqual([
      ...['codebuild', 'dynamodb', 'ecr', 'logs', 'secretsmanager', 'sts', 'xray'],
    ]);
  });

  it('let the webhook receiver start deployments and read its secret, nothing else', () => {
    const receiver = statements(templates.pipeline).filter(({ policy }) => policy.startsWith('ReceivePush'));
    expect(receiver.flatMap(({ statement }) => actionsOf(statement)).sort()).toEqual([
      'lambda:InvokeFunction',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
      'sqs:SendMessage',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });
});

describe('pipeline', () => {
  it('has its functions, of which deploy is durable', () => {
    const { pipeline } = templates;
    pipeline.resourceCountIs('AWS::Lambda::Function', FUNCTIONS.length);
    pipeline.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Fairlead: deploy',
      Runtime: 'nodejs24.x',
      DurableConfig: { ExecutionTimeout: 43200, RetentionPeriodInDays: 30 },
    });
    pipeline.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Fairlead: build-image',
      PackageType: 'Image',
    });
  });

  it('invokes functions by aliases of versions, as durable executions ask for', () => {
    templates.pipeline.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Fairlead: receive-push',
      Environment: {
        Variables: Match.objectLike({ DEPLOY_FUNCTION: { Ref: Match.stringLikeRegexp('Alias') } }),
      },
    });
    // Those that other functions, or the clock, invoke.
    templates.pipeline.resourceCountIs('AWS::Lambda::Alias', 4);
  });

  it('lets releases of the ledger expire by the attribute that says when', () => {
    templates.pipeline.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      TimeToLiveSpecification: { AttributeName: EXPIRES, Enabled: true },
    });
  });

  it('lets anybody call the receiver by its URL, and by nothing else', () => {
    const permissions = Object.values(templates.pipeline.findResources('AWS::Lambda::Permission')).filter(
      // Rules invoke what they are for.
      ({ Properties: { Principal } }) => Principal !== 'events.amazonaws.com',
    );
    const rights = permissions.map(
      ({ Properties: { Action, FunctionUrlAuthType, InvokedViaFunctionUrl } }) => [
        Action,
        FunctionUrlAuthType ?? InvokedViaFunctionUrl,
      ],
    );
    // AWS asks for both of whoever calls a function URL (Lambda Developer Guide, "Control access to function URLs").
    expect(rights.sort()).toEqual([
      ['lambda:InvokeFunction', true],
      ['lambda:InvokeFunctionUrl', 'NONE'],
    ]);
  });

  it('lets the function that rolls out read the secrets of apps, and none of the installation’s own', () => {
    const rollOut = statements(templates.pipeline).filter(({ policy }) => policy.startsWith('RollOut'));
    const secrets = rollOut.filter(({ statement }) =>
      actionsOf(statement).some((action) => action.startsWith('secretsmanager:')),
    );
    expect(secrets.map(({ statement }) => actionsOf(statement))).toEqual([['secretsmanager:GetSecretValue']]);
    expect(JSON.stringify(secrets[0]?.statement.Resource)).toMatch(/:secret:fairlead\/\*"/);
  });

  it('lets deploy use the ledger as its code does, and read a token', () => {
    const deploy = statements(templates.pipeline).filter(({ policy }) => policy.startsWith('Deploy'));
    expect(deploy.flatMap(({ statement }) => actionsOf(statement)).sort()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
      'lambda:CheckpointDurableExecution',
      'lambda:GetDurableExecutionState',
      'lambda:InvokeFunction',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'sqs:SendMessage',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  it('sweeps every five minutes, and hands what could not be delivered to the queue', () => {
    const { pipeline } = templates;
    pipeline.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(5 minutes)',
      Targets: [
        Match.objectLike({
          Arn: { Ref: Match.stringLikeRegexp('Sweep') },
          DeadLetterConfig: Match.anyValue(),
          RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 2 },
        }),
      ],
    });
  });

  it('lets the sweep read the ledger and start deployments, and change nothing itself', () => {
    const sweep = statements(templates.pipeline).filter(({ policy }) => policy.startsWith('SweepService'));
    expect(sweep.flatMap(({ statement }) => actionsOf(statement)).sort()).toEqual([
      'dynamodb:GetItem',
      'dynamodb:Query',
      'lambda:InvokeFunction',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
      'sqs:SendMessage',
    ]);
  });

  it('tells watch-alarm of alarms that begin to ring, and hands what could not be delivered to the queue', () => {
    templates.pipeline.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.cloudwatch'],
        'detail-type': ['CloudWatch Alarm State Change'],
        detail: { state: { value: ['ALARM'] } },
      },
      Targets: [Match.objectLike({ DeadLetterConfig: Match.anyValue() })],
    });
  });

  it('lets watch-alarm read, and start deployments', () => {
    const watch = statements(templates.pipeline).filter(({ policy }) => policy.startsWith('WatchAlarm'));
    expect(watch.flatMap(({ statement }) => actionsOf(statement)).sort()).toEqual([
      'cloudwatch:ListTagsForResource',
      'dynamodb:GetItem',
      'dynamodb:Query',
      'lambda:InvokeFunction',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:SendMessage',
    ]);
  });

  it('has what people ask under a fixed name, with no more rights than it needs', () => {
    templates.pipeline.hasResourceProperties('AWS::Lambda::Function', { FunctionName: 'fairlead-operate' });
    const operate = statements(templates.pipeline).filter(({ policy }) => policy.startsWith('Operate'));
    expect(operate.flatMap(({ statement }) => actionsOf(statement)).sort()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'lambda:GetDurableExecution',
      'lambda:InvokeFunction',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:ReceiveMessage',
    ]);
  });

  it('lets the function that rolls out read alarms and metrics', () => {
    const rollOut = statements(templates.pipeline).filter(({ policy }) => policy.startsWith('RollOut'));
    const actions = rollOut.flatMap(({ statement }) => actionsOf(statement));
    expect(actions.filter((action) => /^(cloudwatch|tag):/.test(action)).sort()).toEqual([
      'cloudwatch:DescribeAlarms',
      'cloudwatch:GetMetricData',
      'tag:GetResources',
    ]);
  });

  it('keeps the ledger when the stack goes, and can restore it to a point in time', () => {
    templates.pipeline.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Replicas: [
          {
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
            DeletionProtectionEnabled: true,
          },
        ],
      },
    });
  });
});

describe('cluster', () => {
  it('is EKS in Auto Mode', () => {
    templates.cluster.hasResourceProperties('AWS::EKS::Cluster', {
      ComputeConfig: { Enabled: true },
      KubernetesNetworkConfig: { ElasticLoadBalancing: { Enabled: true } },
      StorageConfig: { BlockStorage: { Enabled: true } },
      AccessConfig: { AuthenticationMode: 'API' },
    });
  });

  it('admits the function that rolls out by a group that RBAC binds, not as an administrator', () => {
    const [entry] = Object.values(templates.pipeline.findResources('AWS::EKS::AccessEntry'));
    expect(entry?.Properties.KubernetesGroups).toEqual(['fairlead:deployers']);
    expect(entry?.Properties.AccessPolicies).toBeUndefined();
  });
});

it('lets the internet reach load balancers, where the configuration does not say', () => {
  templates.pipeline.hasResourceProperties('AWS::Lambda::Function', {
    Description: 'Fairlead: deploy',
    Environment: { Variables: { LOAD_BALANCERS: 'internet-facing' } },
  });
});

describe('the platform', () => {
  const synthesized = (platform: Config['platform']) =>
    Template.fromStack(installation(new App(), { ...DEFAULTS, platform }).pipeline);
  const builder = (template: Template) =>
    Object.values(template.findResources('AWS::Lambda::Function')).find(
      ({ Properties }) => Properties.Description === 'Fairlead: build-image',
    )?.Properties;

  it('is arm64, which MicroVMs are: for the builder, and for what it builds', () => {
    const { Architectures, Environment } = builder(templates.pipeline) ?? {};
    expect(Architectures).toEqual(['arm64']);
    expect(Environment.Variables.PLATFORM).toBe('linux/arm64');
  });

  it('is one setting of the installation', () => {
    const { Architectures, Environment } = builder(synthesized('linux/amd64')) ?? {};
    expect(Architectures).toEqual(['x86_64']);
    expect(Environment.Variables.PLATFORM).toBe('linux/amd64');
  }, 120_000);
});

describe('registry', () => {
  it('makes repositories at the first push, with tags that never change their meaning', () => {
    templates.registry.hasResourceProperties('AWS::ECR::RepositoryCreationTemplate', {
      Prefix: 'fairlead',
      AppliedFor: ['CREATE_ON_PUSH'],
      ImageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      ImageTagMutabilityExclusionFilters: [
        {
          ImageTagMutabilityExclusionFilterType: 'WILDCARD',
          ImageTagMutabilityExclusionFilterValue: `${CACHE_TAG_PREFIX}*`,
        },
      ],
    });
  });
});
