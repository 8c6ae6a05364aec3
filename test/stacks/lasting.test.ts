import { readFileSync, writeFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { nextSteps } from '../../bin/commands/deploy/next-steps.ts';
import { installation } from '../../bin/installation.ts';
import { check } from '../../lib/config/check.ts';
import { HOST_KINDS } from '../../lib/host-kind.ts';
import { lost, statefulOf } from './privileges/stateful.ts';

interface Resource {
  Type: string;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Properties: Record<string, unknown>;
}

interface Output {
  Value: unknown;
  Export?: { Name: string };
}

interface Synthesized {
  Resources: Record<string, Resource>;
  Outputs?: Record<string, Output>;
}

/** The templates of an installation by their stacks' names, as the configuration `said` makes them. */
function synthesized(said: Record<string, unknown> = {}, context: Record<string, string> = {}) {
  const { registry, cluster, pipeline, alarms } = installation(
    new App({ context }),
    check({ apps: 'any', ...said }, 'fairlead.config.ts'),
  );
  const stacks = { registry, ...(cluster && { cluster }), pipeline, alarms };
  return Object.fromEntries(
    Object.entries(stacks).map(([name, stack]) => [name, Template.fromStack(stack).toJSON() as Synthesized]),
  );
}

const INSTALLER = 'arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1';

const HOSTS = HOST_KINDS.map((kind) => ({
  kind,
  ...(kind === 'gitea' && { url: 'https://git.example.com' }),
}));

let usual: Record<string, Synthesized>;
let others: Record<string, Synthesized>[];

beforeAll(() => {
  usual = synthesized({}, { installer: INSTALLER });
  others = [
    synthesized({ platform: 'linux/amd64', engines: { codebuild: false } }),
    synthesized({
      engines: { microvm: true },
      regions: ['eu-west-1'],
      cluster: { new: { endpoint: 'private', natGateways: 2 } },
      registry: { scanning: 'as-is', keepImages: 5 },
    }),
    synthesized({ cluster: { existing: { name: 'apps' } }, hosts: [{ kind: 'gitlab' }] }),
    synthesized({ hosts: HOSTS, apps: [{ repository: 'codecommit/shop' }] }),
  ];
}, 600_000);

const resourcesOf = (templates: Record<string, Synthesized>) =>
  Object.values(templates).flatMap(({ Resources }) => Object.entries(Resources));

/** What is exported of each stack: the export's name to what it is. */
function exportsOf({ Outputs = {}, Resources }: Synthesized): Record<string, string> {
  const exported = Object.values(Outputs).filter((output) => output.Export !== undefined);
  return Object.fromEntries(
    exported.map(({ Value, Export }) => {
      const value = Value as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
      const [id = '', attribute = 'Ref'] = value['Fn::GetAtt'] ?? [value.Ref ?? ''];
      return [Export?.Name, `${Resources[id]?.Type} ${attribute}`];
    }),
  );
}

/** Names and ARNs that change only when the resource is made anew. */
const STABLE = [
  'AWS::EKS::Cluster Ref',
  'AWS::EKS::Cluster Arn',
  'AWS::EKS::Cluster ClusterSecurityGroupId',
  'AWS::EC2::VPC Ref',
  'AWS::EC2::Subnet Ref',
  'AWS::Lambda::Function Ref',
  'AWS::DynamoDB::GlobalTable Ref',
  'AWS::SQS::Queue QueueName',
];

describe('stacks that import from one another', () => {
  it('export names of things that stay, never versions or what a deployment changes', () => {
    for (const templates of [usual, ...others])
      for (const template of Object.values(templates))
        for (const exported of Object.values(exportsOf(template))) expect(STABLE).toContain(exported);
    expect(Object.keys(exportsOf(usual.pipeline as Synthesized)).length).toBeGreaterThan(3);
  });

  it('export the same whatever the configuration says, so that no change of it is blocked', () => {
    for (const templates of others)
      for (const [name, template] of Object.entries(templates))
        expect(exportsOf(template)).toEqual(exportsOf(usual[name] as Synthesized));
  });
});

const EXPORTS = new URL('exports.json', import.meta.url);

/** Names of what was exported and is no more, or stands for something else. */
function dropped(before: Record<string, string>, after: Record<string, string>): string[] {
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}

describe('a release', () => {
  const exported = () => Object.assign({}, ...Object.values(usual).map(exportsOf)) as Record<string, string>;

  it('exports what the one before did, which CloudFormation lets nobody drop while it is imported', () => {
    // How a change is accepted that is meant (docs/privileges.md).
    if (process.env.UPDATE_EXPORTS === '1')
      writeFileSync(EXPORTS, `${JSON.stringify(exported(), Object.keys(exported()).sort(), 2)}\n`);
    const before = JSON.parse(readFileSync(EXPORTS, 'utf8')) as Record<string, string>;
    expect(Object.keys(before).length).toBeGreaterThan(10);
    expect(dropped(before, exported())).toEqual([]);
    // What is new has to be known, too, for the next release not to drop it.
    expect(Object.keys(exported()).filter((name) => !(name in before))).toEqual([]);
  });

  it('that drops an export, or lets it stand for something else, is noticed', () => {
    const [one = '', other = '', ...rest] = Object.keys(exported());
    const changed = {
      [other]: 'AWS::SQS::Queue Arn',
      ...Object.fromEntries(rest.map((name) => [name, exported()[name] ?? ''])),
    };
    expect(dropped(exported(), changed)).toEqual([one, other]);
  });
});

describe('another configuration', () => {
  /** What goes with the choice that it is there for. */
  const OF_A_CHOICE =
    /^(cluster\/\w+|pipeline\/(CodeBuild|MicroVms|(HostToken|WebhookSecret)(Github|Gitlab|Bitbucket|Gitea))\w*) \([\w:]+\) is gone/;

  it('replaces nothing that holds state, and takes away what was there for another choice alone', () => {
    const all = [usual, ...others].map((templates) =>
      statefulOf(templates as Parameters<typeof statefulOf>[0]),
    );
    const told = all.flatMap((before, at) =>
      all.flatMap((after, to) => (at === to ? [] : lost(before, after))),
    );
    expect(told.length).toBeGreaterThan(10);
    expect([...new Set(told)].filter((line) => !OF_A_CHOICE.test(line))).toEqual([]);
  });
});

/** Whether the resource is there when its stack is not any more; that it goes when its creation is undone is another matter. */
const isLeft = (policy: string | undefined) => policy === 'Retain' || policy === 'RetainExceptOnCreate';

/** The rows of the table in docs/deploying.md: `TYPE` to what is said of it, by the beginning of the logical id. */
function table(): { type: string; which: string; stays: boolean }[] {
  const text = readFileSync(new URL('../../docs/deploying.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^\| `(AWS::[\w:]+)` \| (\S+) \| (stays|goes) \|$/gm)].map(
    ([, type = '', which = '', fate]) => ({ type, which, stays: fate === 'stays' }),
  );
}

/** What holds something that is gone for good with it, or that others may have come to rely on. */
const STATEFUL =
  /^AWS::(DynamoDB|S3|SQS::Queue$|SecretsManager::Secret$|Logs::LogGroup|EKS::Cluster$|EC2::VPC$|SNS::Topic$|ECR|EFS|RDS|KMS|Lambda::MicrovmImage)/;

describe('cdk destroy', () => {
  it('leaves what the documentation says, and nothing else', () => {
    const rows = table();
    expect(rows.length).toBeGreaterThan(8);
    const found = [usual, ...others].flatMap(resourcesOf).filter(([, { Type }]) => STATEFUL.test(Type));
    for (const [id, { Type, DeletionPolicy = 'Delete', UpdateReplacePolicy = 'Delete' }] of found) {
      const row = rows.find(({ type, which }) => type === Type && (which === 'any' || id.startsWith(which)));
      expect(row, `${Type} ${id} in docs/deploying.md`).toBeDefined();
      const fate = row?.stays === true;
      expect([id, isLeft(DeletionPolicy), isLeft(UpdateReplacePolicy)]).toEqual([id, fate, fate]);
    }
  });

  it('is told of nothing in the documentation that no stack has', () => {
    const types = new Set([usual, ...others].flatMap(resourcesOf).map(([, { Type }]) => Type));
    expect(table().filter(({ type }) => !types.has(type))).toEqual([]);
  });

  it('leaves nothing behind that is not stateful', () => {
    for (const templates of [usual, ...others]) {
      const left = resourcesOf(templates).filter(
        ([, { Type, DeletionPolicy }]) => isLeft(DeletionPolicy) && !STATEFUL.test(Type),
      );
      // CloudFormation leaves versions to their functions, with which Lambda deletes them (DeleteFunction).
      expect(left.filter(([, { Type }]) => Type !== 'AWS::Lambda::Version')).toEqual([]);
      const functions = left.map(([, { Properties }]) => (Properties.FunctionName as { Ref: string }).Ref);
      expect(functions.length).toBeGreaterThan(0);
      const all = Object.fromEntries(resourcesOf(templates));
      for (const id of functions) expect([id, isLeft(all[id]?.DeletionPolicy)]).toEqual([id, false]);
    }
  });
});

/** Whether the function of the version `id` has network interfaces, which no VPC goes without. */
function isInVpc(templates: Record<string, Synthesized>, id: string): boolean {
  const found = resourcesOf(templates).find(
    ([name, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(name.slice(0, -8)),
  );
  return found?.[1].Properties.VpcConfig !== undefined;
}

describe('an upgrade', () => {
  it('leaves the versions on which executions are under way', () => {
    expect(isInVpc(others[1] ?? {}, 'RollOutCurrentVersion')).toBe(true);
    for (const templates of [usual, ...others]) {
      const versions = resourcesOf(templates).filter(([, { Type }]) => Type === 'AWS::Lambda::Version');
      expect(versions.map(([id]) => id.replace(/CurrentVersion\w+$/, '')).sort()).toEqual([
        'BuildImage',
        'Deploy',
        'RollOut',
        'Sweep',
      ]);
      // Also when the update that made it is rolled back: Lambda makes no second version of the same code.
      for (const [id, { DeletionPolicy }] of versions)
        expect([id, DeletionPolicy]).toEqual([
          id,
          isInVpc(templates, id) ? undefined : 'RetainExceptOnCreate',
        ]);
    }
  });
});

describe('who is let into the cluster', () => {
  const entries = (templates: Record<string, Synthesized>) =>
    resourcesOf(templates).flatMap(([, { Type, Properties }]) =>
      Type === 'AWS::EKS::AccessEntry' ? [Properties] : [],
    );

  it('no principal of the stacks is its administrator, and no custom resource works in it', () => {
    for (const templates of [usual, ...others]) {
      const admins = entries(templates).filter(({ AccessPolicies }) => AccessPolicies !== undefined);
      // Named, by whoever configured or ran it: a role of the stacks would be a reference.
      for (const { PrincipalArn } of admins) expect(PrincipalArn).toEqual(expect.any(String));
      const custom = resourcesOf(templates).filter(([, { Type }]) => /^Custom::|CustomResource/.test(Type));
      expect(custom).toEqual([]);
    }
  });

  it('whoever deploys is, and one role of the stacks is let in, with a group alone', () => {
    const [admin, deployer, ...more] = entries(usual).sort((a) => (a.AccessPolicies === undefined ? 1 : -1));
    expect(admin?.PrincipalArn).toBe(INSTALLER);
    expect(deployer).toMatchObject({ KubernetesGroups: ['fairlead:deployers'] });
    expect(deployer?.AccessPolicies).toBeUndefined();
    expect(more).toEqual([]);
  });
});

describe('the registry', () => {
  it('is scanned as it was, where the configuration says so', () => {
    const scanning = (templates: Record<string, Synthesized>) =>
      resourcesOf(templates).filter(([, { Type }]) => Type === 'AWS::ECR::RegistryScanningConfiguration');
    expect(scanning(usual).map(([, { Properties }]) => Properties)).toEqual([
      {
        ScanType: 'BASIC',
        Rules: [
          {
            ScanFrequency: 'SCAN_ON_PUSH',
            RepositoryFilters: [{ Filter: 'fairlead/*', FilterType: 'WILDCARD' }],
          },
        ],
      },
    ]);
    expect(scanning(others[1] ?? {})).toEqual([]);
  });
});

describe('what fairlead deploy says at its end', () => {
  it('has for every kind of host its webhook, and where its secrets are', () => {
    const hosts = HOST_KINDS.map((kind) => ({ kind, access: 'token' as const }));
    const withHosts = others.at(-1) ?? {};
    const { Outputs = {} } = withHosts.pipeline as Synthesized;
    const outputs = Object.fromEntries(Object.keys(Outputs).map((name) => [name, `<${name}>`]));
    const said = nextSteps(hosts, outputs, { region: 'eu-west-1' }).join('\n');
    for (const name of ['Github', 'Gitlab', 'Bitbucket', 'Gitea']) {
      expect(said).toContain(`<${name}WebhookSecretArn>`);
      expect(said).toContain(`<${name}TokenArn>`);
    }
    // CodeCommit's pushes come by EventBridge.
    expect(said.match(/<WebhookUrl>/g)).toHaveLength(HOST_KINDS.length - 1);
    expect(said.match(/AWS_REGION=eu-west-1 npx fairlead webhooks/g)).toHaveLength(HOST_KINDS.length - 1);
    for (const variable of ['GITHUB', 'GITLAB', 'BITBUCKET', 'GITEA'])
      expect(said).toContain(`in ${variable}_TOKEN`);
    const app = nextSteps([{ kind: 'github', access: 'app' }], outputs, { region: 'eu-west-1' }).join('\n');
    expect(app).toMatch(/webhook +<WebhookUrl>/);
    expect(app).not.toContain('npx fairlead webhooks');
  });
});
