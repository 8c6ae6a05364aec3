import { App, Stack, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildspec } from '../../lib/engine/codebuild/buildspec.ts';
import { machineFor } from '../../lib/engine/codebuild/machines.ts';
import { CodeBuildEngine } from '../../lib/stacks/codebuild-engine.ts';

interface Statement {
  Action: string | string[];
  Resource: unknown;
}

let template: Template;

beforeAll(() => {
  const app = new App();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const stack = new Stack(app, 'Stack');
  const hostToken = secretsmanager.Secret.fromSecretNameV2(stack, 'Token', 'token');
  const engine = new CodeBuildEngine(stack, 'CodeBuild', {
    buildspec: parse(buildspec()),
    tokens: [hostToken],
    logDays: 90,
  });
  const caller = new iam.Role(stack, 'Caller', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  engine.grantUse(caller);
  template = Template.fromStack(stack);
}, 60_000);

function actionsOf(name: string): string[] {
  const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
  const statements = policies.flatMap(([id, { Properties }]) =>
    id.startsWith(name) ? (Properties.PolicyDocument.Statement as Statement[]) : [],
  );
  return statements.flatMap(({ Action }) => Action).sort();
}

describe('the CodeBuild project', () => {
  it('is privileged for docker, has no source and no network of ours, and gives up', () => {
    template.hasResourceProperties('AWS::CodeBuild::Project', {
      Environment: { PrivilegedMode: true, Image: machineFor({ os: 'linux', architecture: 'amd64' }).image },
      Source: { Type: 'NO_SOURCE' },
      Artifacts: { Type: 'NO_ARTIFACTS' },
      VpcConfig: Match.absent(),
      TimeoutInMinutes: 60,
      LogsConfig: { CloudWatchLogs: { Status: 'ENABLED' } },
    });
  });

  it('has the buildspec of the engine', () => {
    const [project] = Object.values(template.findResources('AWS::CodeBuild::Project'));
    expect(JSON.parse(project?.Properties.Source.BuildSpec)).toEqual(parse(buildspec()));
  });

  it('may read what it was lent and the token, and write its log, nothing else: no registry', () => {
    expect(actionsOf('CodeBuildRole')).toEqual([
      'dynamodb:GetItem',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
    ]);
  });

  it('is started and followed by who may hand builds over', () => {
    expect(actionsOf('CallerDefaultPolicy')).toEqual([
      'codebuild:BatchGetBuilds',
      'codebuild:ListBuildsForProject',
      'codebuild:StartBuild',
      'codebuild:StopBuild',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'logs:GetLogEvents',
    ]);
  });
});
