import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { expect, test } from 'vitest';
import { grantCodeCommit, invokeOnPush } from '../../lib/stacks/codecommit-trigger.ts';

interface Pattern {
  resources: string[];
}

/** The patterns of the rules for `repositories`, where ARNs are longest. */
function patternsFor(repositories: string[]): Pattern[] {
  const env = { account: '123456789012', region: 'us-gov-west-1' };
  const stack = new Stack(new App(), 'Test', { env });
  const receiver = new lambda.Function(stack, 'Receiver', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = () => {}'),
  });
  invokeOnPush(stack, receiver, repositories, new sqs.Queue(stack, 'DeadLetters'));
  const rules = Template.fromStack(stack).findResources('AWS::Events::Rule');
  return Object.values(rules).map(({ Properties }) => inPartition(Properties.EventPattern) as Pattern);
}

/** What CloudFormation makes of it: an ARN is joined from its parts, of which the partition is one. */
function inPartition(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inPartition);
  if (typeof value !== 'object' || value === null) return value;
  const { 'Fn::Join': joined, Ref } = value as { 'Fn::Join'?: [string, unknown[]]; Ref?: string };
  if (Ref === 'AWS::Partition') return 'aws-us-gov';
  if (joined !== undefined) return joined[1].map(inPartition).join(joined[0]);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inPartition(one)]));
}

test.each([
  ['few', 2, (n: number) => `r${n}`, 1],
  ['many', 120, (n: number) => `service-of-the-shop-${n}`, 7],
  ['many with the longest names', 40, (n: number) => `${n}-`.padEnd(100, 'x'), 4],
])('%s repositories are named once, in patterns that EventBridge takes', (_, count, nameOf, most) => {
  const names = Array.from({ length: count }, (__, n) => nameOf(n));
  const patterns = patternsFor(names);
  expect(patterns.length).toBeLessThanOrEqual(most);
  // "Amazon EventBridge quotas", Event pattern size.
  for (const pattern of patterns) expect(JSON.stringify(pattern).length).toBeLessThanOrEqual(2048);
  const arns = names.map((name) => `arn:aws-us-gov:codecommit:us-gov-west-1:123456789012:${name}`);
  expect(patterns.flatMap(({ resources }) => resources).sort()).toEqual(arns.sort());
});

test('rights to many repositories are in policies that IAM takes', () => {
  const stack = new Stack(new App(), 'Test', {
    env: { account: '123456789012', region: 'us-gov-west-1' },
  });
  const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const names = Array.from({ length: 200 }, (_, n) => `service-of-the-shop-${n}`);
  grantCodeCommit(stack, names, { heads: [role], news: [role], pulls: [] });
  const template = Template.fromStack(stack);
  const documents = (type: string) =>
    Object.values(template.findResources(type)).map(({ Properties }) =>
      inPartition(Properties.PolicyDocument),
    );
  const [inline, managed] = [documents('AWS::IAM::Policy'), documents('AWS::IAM::ManagedPolicy')];
  // "IAM and AWS STS quotas": of all inline policies of a role together, and of each managed one.
  expect(JSON.stringify(inline).length).toBeLessThanOrEqual(10_240);
  for (const document of managed) expect(JSON.stringify(document).length).toBeLessThanOrEqual(6_144);
  const all = JSON.stringify([inline, managed]);
  for (const name of names) expect(all).toContain(`:123456789012:${name}"`);
});
