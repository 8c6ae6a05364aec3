import { App, Stack, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import type { CfnMicrovmImage } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it } from 'vitest';
import { installation } from '../../bin/installation.ts';
import { DEFAULTS } from '../../lib/config/config.ts';
import { MicroVms } from '../../lib/stacks/microvms.ts';

let pipeline: Template;

beforeAll(() => {
  const app = new App();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  pipeline = Template.fromStack(
    installation(app, { ...DEFAULTS, engines: { ...DEFAULTS.engines, microvm: true } }).pipeline,
  );
}, 120_000);

interface Statement {
  Action: string | string[];
  Resource: unknown;
}

function statementsOf(prefix: string): Statement[] {
  const policies = Object.entries(pipeline.findResources('AWS::IAM::Policy'));
  return policies
    .filter(([id]) => id.startsWith(prefix))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as Statement[]);
}

describe('an installation with MicroVMs', () => {
  it('has an image with every capability and hook, and nothing secret in it', () => {
    pipeline.hasResourceProperties('AWS::Lambda::MicrovmImage', {
      AdditionalOsCapabilities: ['ALL'],
      CpuConfigurations: [{ Architecture: 'ARM_64' }],
      EnvironmentVariables: [],
      Hooks: {
        Port: 9000,
        MicrovmImageHooks: Match.objectLike({ Ready: 'ENABLED' }),
        MicrovmHooks: Match.objectLike({ Run: 'ENABLED', Resume: 'ENABLED', Terminate: 'ENABLED' }),
      },
    });
  });

  it('lets the builder run VMs of that image only, with the calls that it makes', () => {
    const running = statementsOf('BuildImage').filter(({ Action }) =>
      [Action].flat().includes('lambda:RunMicrovm'),
    );
    expect(running).toHaveLength(1);
    expect(running[0]?.Action).toEqual([
      'lambda:CreateMicrovmAuthToken',
      'lambda:GetMicrovm',
      'lambda:ResumeMicrovm',
      'lambda:RunMicrovm',
      'lambda:TerminateMicrovm',
    ]);
    expect(JSON.stringify(running[0]?.Resource)).toMatch(/Image.*ImageArn/);
  });

  it('lets the image be built from its own code, and gives VMs no role', () => {
    const actions = statementsOf('MicroVmsBuildRole').flatMap(({ Action }) => [Action].flat());
    expect(actions.sort()).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents', 's3:GetObject']);
    // Whoever runs a VM could give it a role only if allowed to pass it on.
    expect(statementsOf('BuildImage').flatMap(({ Action }) => Action)).not.toContain('iam:PassRole');
  });

  it('lends builds a role that is made of their sessions’ tags, to be assumed by the builder alone', () => {
    const writing = statementsOf('LentRole').filter(({ Action }) => Action.includes('ecr:PutImage'));
    expect(JSON.stringify(writing.map(({ Resource }) => Resource))).toContain(
      `:repository/fairlead/\${aws:PrincipalTag/fairlead-images}"`,
    );
    const [role] = Object.entries(pipeline.findResources('AWS::IAM::Role')).filter(([id]) =>
      id.startsWith('LentRole'),
    );
    const [trust, ...others] = role?.[1].Properties.AssumeRolePolicyDocument.Statement ?? [];
    expect(others).toEqual([]);
    expect(JSON.stringify(trust.Principal)).toMatch(/^\{"AWS":\{"Fn::GetAtt":\["BuildImageServiceRole/);
    const assuming = statementsOf('BuildImage').filter(({ Action }) => Action.includes('sts:AssumeRole'));
    expect(JSON.stringify(assuming.map(({ Resource }) => Resource))).toContain(role?.[0]);
  });

  it('tells the builder of it, and nobody else', () => {
    pipeline.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Fairlead: build-image',
      Environment: {
        Variables: Match.objectLike({
          MICROVM_IMAGE: Match.anyValue(),
          MICROVM_IMAGE_VERSION: Match.anyValue(),
          MICROVM_PLATFORM: 'linux/arm64',
          MICROVM_SECRET_ID: Match.anyValue(),
          LENT_ROLE: Match.anyValue(),
        }),
      },
    });
  });

  it('is refused where there are none, at synth or before anything is deployed', () => {
    const elsewhere = new Stack(new App(), 'Elsewhere', { env: { region: 'eu-central-1' } });
    expect(() => new MicroVms(elsewhere, 'MicroVms', 90)).toThrow(
      /eu-central-1: Lambda has no MicroVMs there/,
    );
    const rules = Object.values(pipeline.toJSON().Rules as Record<string, { Assertions: unknown[] }>);
    expect(JSON.stringify(rules)).toContain('Lambda has no MicroVMs there');
  });
});

describe('an upgrade that changes', () => {
  /** Logical ids of the versions that callers invoke, by their functions, of an image that `change` has made another. */
  function versions(change: (image: CfnMicrovmImage) => void): Record<string, string> {
    const { pipeline: stack } = installation(new App(), {
      ...DEFAULTS,
      engines: { ...DEFAULTS.engines, microvm: true },
    });
    change(stack.node.findChild('MicroVms').node.findChild('Image') as CfnMicrovmImage);
    const ids = Object.keys(Template.fromStack(stack).findResources('AWS::Lambda::Version'));
    return Object.fromEntries(ids.map((id) => id.split('CurrentVersion') as [string, string]));
  }

  it('nothing makes no new version of any function', () => {
    expect(versions(() => {})).toEqual(versions(() => {}));
  }, 120_000);

  it.each<[string, (image: CfnMicrovmImage) => void]>([
    [
      'its code or Dockerfile',
      (image) => {
        image.codeArtifact = { uri: 's3://assets/another.zip' };
      },
    ],
    [
      'its memory',
      (image) => {
        image.resources = [{ minimumMemoryInMiB: 8192 }];
      },
    ],
    ['a hook', (image) => image.addPropertyOverride('Hooks.MicrovmHooks.RunTimeoutInSeconds', 20)],
    [
      'its base',
      (image) => {
        image.baseImageVersion = '2';
      },
    ],
  ])(
    'of the image %s makes a new version of the builder, and of no other function',
    (_what, change) => {
      const { BuildImage: before, ...others } = versions(() => {});
      const { BuildImage: after, ...stayed } = versions(change);
      expect(before).toBeDefined();
      expect(after).not.toBe(before);
      expect(stayed).toEqual(others);
    },
    120_000,
  );
});

describe('what a published version is told', () => {
  /** Attributes that stay as long as the resource does. */
  const STAYING = ['Arn', 'QueueUrl', 'ImageArn'];

  it('changes without its template in nothing but the version of that image', () => {
    const { Resources } = pipeline.toJSON() as {
      Resources: Record<string, { Type: string; Properties: object }>;
    };
    const published = Object.keys(Resources).flatMap((id) =>
      id.split('CurrentVersion')[1] ? [id.split('CurrentVersion')[0]] : [],
    );
    const functions = Object.entries(Resources).filter(
      ([id, { Type }]) => Type === 'AWS::Lambda::Function' && published.includes(id.slice(0, -8)),
    );
    expect(functions).toHaveLength(4);
    const moving = functions.flatMap(([id, { Properties }]) =>
      [...JSON.stringify(Properties).matchAll(/"Fn::GetAtt":\["(\w+)","([\w.]+)"\]/g)]
        .filter(([, , attribute = '']) => !STAYING.includes(attribute))
        .map(([, of, attribute]) => `${id.slice(0, -8)}: ${of?.slice(0, -8)}.${attribute}`),
    );
    expect(moving).toEqual(['BuildImage: MicroVmsImage.LatestActiveImageVersion']);
    expect(
      functions.flatMap(([, { Properties }]) => ('Layers' in Properties ? [Properties.Layers] : [])),
    ).toEqual([]);
  });
});
