import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import { installation } from '../../bin/installation.ts';
import { check } from '../../lib/config/check.ts';
import type { HostKind } from '../../lib/host-kind.ts';

const HOSTS: HostKind[] = ['github', 'gitlab', 'bitbucket', 'gitea', 'codecommit'];
const SHARING = HOSTS.filter((kind) => kind !== 'codecommit');

let template: Template;
let body: { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> };
beforeAll(() => {
  const app = new App();
  const config = check({
    apps: [
      { repository: 'github.com/acme/shop' },
      { repository: 'codecommit/billing' },
      { repository: 'codecommit/mail' },
    ],
    hosts: [
      { kind: 'github', access: 'app' },
      { kind: 'gitlab' },
      { kind: 'bitbucket' },
      { kind: 'gitea', url: 'https://git.example.com' },
      { kind: 'codecommit' },
    ],
  });
  template = Template.fromStack(installation(app, config).pipeline);
  body = template.toJSON() as typeof body;
}, 240_000);

const outputs = () => Object.keys(template.findOutputs('*'));

function variablesOf(name: string): Record<string, unknown> {
  const found = template.findResources('AWS::Lambda::Function', {
    Properties: { Description: Match.stringLikeRegexp(`${name}$`) },
  });
  const [made] = Object.values(found) as {
    Properties: { Environment: { Variables: Record<string, unknown> } };
  }[];
  return made?.Properties.Environment.Variables ?? {};
}

/** Actions of `service` that the role of a function has, with what they are on. */
function rightsOf(policy: string, service: string) {
  const statements = Object.entries(body.Resources)
    .filter(([id, { Type }]) => Type === 'AWS::IAM::Policy' && id.startsWith(policy))
    .flatMap(([, { Properties }]) => {
      const { Statement } = Properties.PolicyDocument as {
        Statement: { Action: string | string[]; Resource: unknown }[];
      };
      return Statement;
    });
  return statements
    .map(({ Action, Resource }) => ({ actions: [Action].flat(), resources: [Resource].flat() }))
    .filter(({ actions }) => actions.some((action) => action.startsWith(`${service}:`)));
}

describe('secrets', () => {
  test('are one to sign with and one to ask with for each kind of host, and none for CodeCommit', () => {
    const ids = Object.entries(body.Resources).flatMap(([id, { Type }]) =>
      Type === 'AWS::SecretsManager::Secret' ? [id] : [],
    );
    expect(ids.filter((id) => id.startsWith('WebhookSecret'))).toHaveLength(SHARING.length);
    expect(ids.filter((id) => id.startsWith('HostToken'))).toHaveLength(SHARING.length);
    expect(ids.some((id) => /codecommit/i.test(id))).toBe(false);
  });

  test('to sign with are random from the start; to ask with, empty until a person fills them in', () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Description: Match.stringLikeRegexp('github signs'),
      GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true },
    });
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Description: Match.stringLikeRegexp('private key of the GitHub App'),
      SecretString: '{}',
    });
  });

  test('are known to the functions by kind, with what they hold', () => {
    const ids = JSON.stringify(variablesOf('receive-push').WEBHOOK_SECRET_IDS);
    for (const kind of SHARING) expect(ids).toContain(`${kind}\\"`);
    expect(ids).not.toContain('codecommit');
    expect(variablesOf('deploy').HOST_ACCESS).toBe(
      JSON.stringify({ github: 'app', gitlab: 'token', bitbucket: 'token', gitea: 'token' }),
    );
    expect(JSON.stringify(variablesOf('sweep').HOST_API_URLS)).toMatch(
      /api\.github\.com.*git\.example\.com\/api\/v1.*git-codecommit\./,
    );
  });

  test('to sign with are read by the receiver alone, which reads nothing else', () => {
    const read = rightsOf('ReceivePush', 'secretsmanager').flatMap(({ resources }) => resources);
    expect(read).toHaveLength(SHARING.length);
    expect(JSON.stringify(read)).not.toContain('HostToken');
    for (const policy of ['Deploy', 'BuildImage', 'Sweep', 'RollOut', 'CodeBuild', 'Operate'])
      expect(JSON.stringify(rightsOf(policy, 'secretsmanager')), policy).not.toContain('WebhookSecret');
  });

  test('that hold the key of an App are no business of machines on which builds run', () => {
    const read = JSON.stringify(rightsOf('CodeBuild', 'secretsmanager'));
    expect(read).toContain('HostTokenGitlab');
    expect(read).not.toContain('HostTokenGithub');
  });
});

test('outputs say what is entered where', () => {
  expect(outputs()).toContain('WebhookUrl');
  for (const name of ['Github', 'Gitlab', 'Bitbucket', 'Gitea'])
    expect(outputs()).toEqual(expect.arrayContaining([`${name}WebhookSecretArn`, `${name}TokenArn`]));
  expect(outputs().some((name) => name.startsWith('CodeCommit'))).toBe(false);
});

describe('CodeCommit', () => {
  const named = ['billing', 'mail'];

  test('tells the receiver of branches of the repositories that are named, and what it cannot tell is kept', () => {
    const rules = template.findResources('AWS::Events::Rule', {
      Properties: { EventPattern: { source: ['aws.codecommit'] } },
    });
    const [rule] = Object.values(rules) as {
      Properties: {
        EventPattern: { resources: unknown[]; detail: Record<string, string[]> };
        Targets: { Arn: unknown; DeadLetterConfig?: unknown }[];
      };
    }[];
    expect(Object.keys(rules)).toHaveLength(1);
    const { EventPattern: pattern, Targets: targets = [] } = rule?.Properties ?? {};
    expect(pattern?.detail).toEqual({
      event: ['referenceCreated', 'referenceUpdated', 'referenceDeleted'],
      referenceType: ['branch'],
    });
    expect(pattern?.resources).toHaveLength(2);
    for (const name of named) expect(JSON.stringify(pattern?.resources)).toContain(`:${name}"`);
    expect(targets).toHaveLength(1);
    expect(JSON.stringify(targets[0]?.Arn)).toContain('ReceivePush');
    expect(JSON.stringify(targets[0]?.DeadLetterConfig)).toContain('DeadLetters');
  });

  test.each([
    ['Deploy', ['codecommit:GetBranch', 'codecommit:ListBranches']],
    ['Sweep', ['codecommit:BatchGetCommits', 'codecommit:GetBranch', 'codecommit:ListBranches']],
    ['BuildImage', ['codecommit:GitPull']],
    ['ReceivePush', []],
    ['RollOut', []],
  ])('lets %s do %j, with those repositories alone', (policy, actions) => {
    const rights = rightsOf(policy, 'codecommit');
    expect(rights.flatMap((right) => right.actions).sort()).toEqual(actions);
    for (const { resources } of rights) {
      expect(resources).toHaveLength(named.length);
      expect(JSON.stringify(resources)).not.toContain('*');
    }
  });

  test('is nothing to an installation without it', () => {
    const without = Template.fromStack(installation(new App()).pipeline);
    expect(JSON.stringify(without.toJSON())).not.toContain('codecommit');
  }, 240_000);

  test('takes repositories by name', () => {
    expect(() => check({ apps: 'any', hosts: [{ kind: 'codecommit' }] })).toThrow(
      /apps: cannot be 'any'.*in a list/,
    );
  });
});
