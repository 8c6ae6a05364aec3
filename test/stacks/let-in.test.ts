import { runSimulation } from '@cloud-copilot/iam-simulate';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { sessionTags } from '../../lambdas/build-image/lent.ts';
import { repositoryFor } from '../../lib/engine/repositories.ts';
import { rolesByName, synthesize } from './privileges/installation.ts';
import type { Resource, Role, Template } from './privileges/statements.ts';

const ACCOUNT = '000000000000';
const REGISTRY = `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/fairlead`;
const BUILDER = 'BuildImageServiceRole';

interface Trust {
  Effect: string;
  Action: string | string[];
  Principal: { Service?: string; AWS?: unknown };
  Condition?: object;
}

let templates: Record<string, Template>;
let roles: Map<string, Role>;
beforeAll(() => {
  templates = synthesize();
  roles = rolesByName(templates);
}, 240_000);

/** All resources whose type fits, with their logical ids. */
function resources(type: RegExp): [id: string, resource: Resource][] {
  return Object.values(templates).flatMap(({ Resources }) =>
    Object.entries(Resources).filter(([, { Type }]) => type.test(Type)),
  );
}

/** Without the hash at its end. */
const nameOf = (id: string) => id.replace(/[0-9A-F]{8}$/, '');

const trustOf = ({ Properties = {} }: Resource) =>
  (Properties.AssumeRolePolicyDocument as { Statement: Trust[] }).Statement;

describe('rights', () => {
  it('are given by nothing but the policies that are looked at here and in privileges.test.ts', () => {
    const types = new Set(
      resources(/::IAM::|Polic(y|ies)$|Permission$|AccessEntry$/).map(([, { Type }]) => Type),
    );
    expect([...types].sort()).toEqual([
      'AWS::EKS::AccessEntry',
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      'AWS::Lambda::Permission',
      'AWS::SNS::TopicPolicy',
      'AWS::SQS::QueuePolicy',
    ]);
  });

  it('come from AWS’s managed policies to the cluster and its nodes alone', () => {
    const managed = [...roles.values()].filter((role) => role.managed.length > 0);
    expect(managed.map(({ name }) => name)).toEqual(['ClusterRole', 'ClusterClusternodePoolRole']);
  });

  it('say what is allowed, and of what: nothing is left open by naming what is not meant', () => {
    const documents = JSON.stringify(templates);
    expect(documents.match(/"Not(Action|Resource|Principal)":/g)).toBeNull();
    const open = [...roles.values()].flatMap(({ name, statements }) =>
      statements.flatMap(({ Action }) => Action.filter((one) => one.includes('*')).map((one) => [name, one])),
    );
    expect(open).toEqual([]);
  });
});

describe('a role', () => {
  const actions = () =>
    [...roles.values()].flatMap(({ name, statements }) =>
      statements.flatMap(({ Action }) => Action.map((action) => [name, action] as const)),
    );

  it('changes no rights and passes no role on; the builder alone takes up another one', () => {
    expect(actions().filter(([, action]) => /^(iam|organizations|cloudformation):/.test(action))).toEqual([]);
    expect(actions().filter(([, action]) => action.startsWith('sts:'))).toEqual([
      [BUILDER, 'sts:AssumeRole'],
      [BUILDER, 'sts:TagSession'],
    ]);
  });
});

describe('who is let in from outside', () => {
  it('takes up a role: the service that works with it, and the builder the one that it lends', () => {
    const trusted = resources(/^AWS::IAM::Role$/).map(([id, role]) => {
      const who = trustOf(role).map(({ Principal }) => Principal.Service ?? JSON.stringify(Principal.AWS));
      return [nameOf(id), [...new Set(who)]];
    });
    const functions = [...roles.values()].filter(({ name }) => name.endsWith('ServiceRole'));
    expect(Object.fromEntries(trusted)).toEqual({
      ...Object.fromEntries(functions.map(({ name }) => [name, ['lambda.amazonaws.com']])),
      ClusterRole: ['eks.amazonaws.com'],
      ClusterClusternodePoolRole: ['ec2.amazonaws.com'],
      CodeBuildRole: ['codebuild.amazonaws.com'],
      MicroVmsBuildRole: ['lambda.amazonaws.com'],
      LentRole: [expect.stringMatching(`^{"Fn::GetAtt":\\["${BUILDER}`)],
    });
  });

  it('invokes a function: the rule that is for it, and everybody the receiver, by its URL', () => {
    const invoking = resources(/^AWS::Lambda::Permission$/).map(([, { Properties = {} }]) => {
      const { Principal, SourceArn, FunctionName, InvokedViaFunctionUrl, FunctionUrlAuthType } = Properties;
      const from = referred(SourceArn) ?? (InvokedViaFunctionUrl || FunctionUrlAuthType ? 'URL' : 'anywhere');
      return [Principal, from, referred(FunctionName)];
    });
    expect(invoking).toEqual([
      ['*', 'URL', 'ReceivePush'],
      ['*', 'URL', 'ReceivePush'],
      ['events.amazonaws.com', 'SweepSchedule', 'SweepAliaslive'],
      ['events.amazonaws.com', 'RingingAlarms', 'WatchAlarm'],
    ]);
  });

  it.each([
    [/^AWS::SQS::QueuePolicy$/, ['events.amazonaws.com', 'events.amazonaws.com']],
    [/^AWS::SNS::TopicPolicy$/, ['cloudwatch.amazonaws.com']],
  ])(
    'writes to a queue or a topic: services, and only for what is of this account (%s)',
    (type, services) => {
      const statements = resources(type).flatMap(
        ([, { Properties = {} }]) => (Properties.PolicyDocument as { Statement: Trust[] }).Statement,
      );
      const allowing = statements.filter(({ Effect }) => Effect === 'Allow');
      expect(allowing.map(({ Principal }) => Principal.Service)).toEqual(services);
      for (const { Condition } of allowing) expect(JSON.stringify(Condition)).toContain('"aws:SourceArn":');
    },
  );
});

/** Of `{ "Fn::GetAtt": ["Sweep01234567", "Arn"] }`, or of a reference: `Sweep`. */
function referred(value: unknown): string | undefined {
  const { Ref, 'Fn::GetAtt': [of] = [] } = (value ?? {}) as { Ref?: string; 'Fn::GetAtt'?: string[] };
  const id = Ref ?? of;
  return id === undefined ? undefined : nameOf(id);
}

describe('a session of the lent role', () => {
  /** Whether STS gives `caller` one with these tags, by the role's trust policy and by the builder's own rights. */
  async function given(tags: Record<string, string>, caller = 'builder'): Promise<boolean> {
    const [builderId = ''] = resources(/^AWS::IAM::Role$/).find(([id]) => nameOf(id) === BUILDER) ?? [];
    const [, lent] = resources(/^AWS::IAM::Role$/).find(([id]) => nameOf(id) === 'LentRole') ?? [];
    const [trust, ...more] = lent === undefined ? [] : trustOf(lent);
    expect(more).toEqual([]);
    const role = caller === 'builder' ? builderId : caller;
    const context = Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value]);
    const asked = async (action: string) => {
      const result = await runSimulation(
        {
          request: {
            principal: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/x`,
            action,
            resource: { resource: `arn:aws:iam::${ACCOUNT}:role/fairlead-lent`, accountId: ACCOUNT },
            contextVariables: { ...Object.fromEntries(context), 'aws:TagKeys': Object.keys(tags) },
          },
          identityPolicies: [{ name: 'role', policy: { Version: '2012-10-17', Statement: identity } }],
          resourcePolicy: {
            Version: '2012-10-17',
            Statement: [{ ...trust, Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/${builderId}` } }],
          },
          serviceControlPolicies: [],
          resourceControlPolicies: [],
        },
        {},
      );
      return result.resultType === 'error' ? JSON.stringify(result.errors) : result.overallResult;
    };
    const { statements: identity = [] } = roles.get('fairlead-build-image') ?? {};
    return (await asked('sts:AssumeRole')) === 'Allowed' && (await asked('sts:TagSession')) === 'Allowed';
  }

  const tagsOf = (repository: string) =>
    Object.fromEntries((sessionTags(repository) ?? []).map(({ Key, Value }) => [Key, Value]));

  it('is given for every app and environment that there may be', async () => {
    const app = fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/);
    const environment = fc.constantFrom('production', 'preview-blue', 'staging');
    await fc.assert(
      fc.asyncProperty(app, environment, async (of, name) => {
        expect(await given(tagsOf(repositoryFor(REGISTRY, of, { name })))).toBe(true);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it.each([
    [{}],
    [{ 'fairlead-app': 'web' }],
    [{ 'fairlead-images': 'web' }],
    [{ 'fairlead-app': '', 'fairlead-images': '' }],
    [{ 'fairlead-app': 'web', 'fairlead-images': 'api' }],
    [{ 'fairlead-app': 'web', 'fairlead-images': 'web-api' }],
    [{ 'fairlead-app': 'web', 'fairlead-images': 'api/of.previews' }],
    [{ 'fairlead-app': 'web', 'fairlead-images': '*' }],
  ])('is given for nothing else: %j', async (tags) => {
    expect(await given(tags)).toBe(false);
  });

  it('is given to nobody but the builder', async () => {
    const web = tagsOf(repositoryFor(REGISTRY, 'web', { name: 'production' }));
    expect(await given(web)).toBe(true);
    expect(await given(web, 'DeployServiceRole8A6D6627')).toBe(false);
  });
});
