import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installations, type Stacks } from '../../bin/installation.ts';
import { check } from '../../lib/config/check.ts';
import { defineConfig } from '../../lib/config/define.ts';
import { deploysOf } from '../../lib/config/deploys.ts';

const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'cdk.json'), 'utf8'));

/** An app as bin/app.ts makes it: findings without a reason fail its synthesis. */
function appIn(outdir: string): App {
  const app = new App({ outdir, context });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

const topicIn = (region: string) => `arn:aws:sns:${region}:123456789012:ops`;
const config = check(
  defineConfig({
    apps: [
      {
        repository: 'github.com/acme/shop',
        environments: { production: 'main', staging: 'develop' },
        previews: { of: 'branches', ttl: '1d' },
      },
      { repository: 'git.example.com/acme/blog' },
    ],
    hosts: [{ kind: 'github' }, { kind: 'gitea', url: 'https://git.example.com' }],
    regions: ['eu-west-1', 'us-east-1'],
    cluster: { existing: { name: 'apps' }, loadBalancers: 'internal' },
    platform: 'linux/amd64',
    engines: { codebuild: false },
    registry: { keepImages: 7 },
    notifications: { email: ['ops@example.com'], topics: [topicIn('eu-west-1'), topicIn('us-east-1')] },
    budget: { monthly: 50, email: ['ops@example.com'] },
    logDays: 30,
  }),
);

describe('a configuration in the stacks', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'fairlead-configured-'));
  let app: App;
  let stacks: readonly Stacks[];
  let pipeline: Template;
  beforeAll(() => {
    app = appIn(outdir);
    stacks = installations(app, config);
    pipeline = Template.fromStack((stacks[0] as Stacks).pipeline);
  }, 120_000);
  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  const functionOf = (name: string) =>
    Object.values(pipeline.findResources('AWS::Lambda::Function')).find(
      ({ Properties }) => Properties.Description === `Fairlead: ${name}`,
    )?.Properties;

  it('is one set in each region, called the same', () => {
    expect(stacks.map(({ pipeline: { node, stackName, region } }) => [node.id, stackName, region])).toEqual([
      ['FairleadPipeline-eu-west-1', 'FairleadPipeline', 'eu-west-1'],
      ['FairleadPipeline-us-east-1', 'FairleadPipeline', 'us-east-1'],
    ]);
  });

  it('is synthesized without a question to anybody', () => {
    expect(app.synth().manifest.missing).toBeUndefined();
  });

  it('has no cluster stack where the cluster is there, and its functions know which it is', () => {
    expect(stacks.map(({ cluster }) => cluster)).toEqual([undefined, undefined]);
    expect(functionOf('roll-out')?.Environment.Variables.CLUSTER_NAME).toBe('apps');
  });

  it('says from where load balancers are reached to the function that renders', () => {
    expect(functionOf('deploy')?.Environment.Variables.LOAD_BALANCERS).toBe('internal');
  });

  it('says what is deployed in a file beside the code of the functions that have to know', () => {
    for (const name of ['receive-push', 'deploy', 'sweep', 'operate']) {
      const { Code, Environment } = functionOf(name) ?? {};
      const folder = join(outdir, `asset.${String(Code.S3Key).replace('.zip', '')}`);
      const file = JSON.parse(readFileSync(join(folder, Environment.Variables.INSTALLATION_FILE), 'utf8'));
      expect(file).toEqual(JSON.parse(JSON.stringify(deploysOf(config))));
    }
    expect(functionOf('roll-out')?.Environment.Variables.INSTALLATION_FILE).toBeUndefined();
  });

  it('names the hosts, the platform, the engines, and how long things are kept', () => {
    expect(JSON.parse(functionOf('deploy')?.Environment.Variables.HOST_API_URLS)).toEqual({
      github: 'https://api.github.com',
      gitea: 'https://git.example.com/api/v1',
    });
    expect(functionOf('build-image')?.Environment.Variables.PLATFORM).toBe('linux/amd64');
    pipeline.resourceCountIs('AWS::CodeBuild::Project', 0);
    const logs = Object.values(pipeline.findResources('AWS::Logs::LogGroup'));
    expect(new Set(logs.map(({ Properties }) => Properties.RetentionInDays))).toEqual(new Set([30]));
    const registry = JSON.stringify(Template.fromStack((stacks[0] as Stacks).registry).toJSON());
    expect(registry).toMatch(/Keep the last 7 images/);
  });

  it('tells topics of the region that alarms are in, and minds the budget of the account once', () => {
    const templates = stacks.map(({ alarms }) => Template.fromStack(alarms));
    const texts = templates.map((template) => JSON.stringify(template.toJSON()));
    expect(texts.map((text) => text.includes(topicIn('eu-west-1')))).toEqual([true, false]);
    expect(texts.map((text) => text.includes(topicIn('us-east-1')))).toEqual([false, true]);
    const budgets = templates.map(
      (template) => Object.keys(template.findResources('AWS::Budgets::Budget')).length,
    );
    expect(budgets).toEqual([1, 0]);
  });
});

it('the zones of a new cluster are those of its region', () => {
  const { regions } = config;
  const cluster = { new: { zones: ['us-east-1b', 'us-east-1d'] } };
  const made = installations(new App(), check({ apps: 'any', cluster, regions }));
  const zones = made.map((stacks) => {
    const subnets = Template.fromStack(stacks.cluster as Stack).findResources('AWS::EC2::Subnet');
    // Public ones, then private ones.
    return Object.values(subnets)
      .slice(0, 2)
      .map(({ Properties }) => Properties.AvailabilityZone);
  });
  expect(zones).toEqual([
    [{ 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }, { 'Fn::Select': [1, { 'Fn::GetAZs': '' }] }],
    ['us-east-1b', 'us-east-1d'],
  ]);
}, 120_000);

it('one region that is named keeps the ids of the stacks as they are without a name', () => {
  const made = installations(new App(), { ...config, regions: ['eu-west-1'] });
  expect(made.map(({ alarms }) => [alarms.node.id, alarms.region])).toEqual([
    ['FairleadAlarms', 'eu-west-1'],
  ]);
}, 120_000);

describe('whatever is configured, nothing is found that has no reason', () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  const network = { vpc: 'vpc-0a1b2c3d', subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'] };

  it.each([
    [
      'everything, in private',
      {
        hosts: [
          { kind: 'github', access: 'app' },
          { kind: 'gitlab' },
          { kind: 'bitbucket' },
          { kind: 'gitea', url: 'https://git.example.com' },
          { kind: 'codecommit' },
        ],
        regions: ['us-east-1'],
        cluster: { new: { endpoint: 'private', admins: ['arn:aws:iam::123456789012:role/Admin'] } },
        engines: { microvm: true },
        budget: { monthly: 5, email: ['a@example.com'] },
      },
    ],
    [
      'a private cluster that is there',
      { regions: ['eu-west-1'], cluster: { existing: { name: 'apps', endpoint: 'private', ...network } } },
    ],
    ['as little as can be', { engines: { codebuild: false }, registry: { scanning: 'as-is' } }],
  ])(
    '%s',
    (_what, more) => {
      const outdir = mkdtempSync(join(tmpdir(), 'fairlead-configured-'));
      folders.push(outdir);
      const app = appIn(outdir);
      const codecommit = 'hosts' in more ? [{ repository: 'codecommit/shop' }] : [];
      installations(app, check({ apps: [{ repository: 'github.com/acme/blog' }, ...codecommit], ...more }));
      expect(app.synth().manifest.missing).toBeUndefined();
    },
    120_000,
  );
});
