import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isWildcardOnlyAction } from '@cloud-copilot/iam-simulate';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { sessionTags } from '../../lambdas/build-image/lent.ts';
import { repositoryFor } from '../../lib/engine/repositories.ts';
import { lentStatements } from '../../lib/stacks/lent-statements.ts';
import { permits } from '../../local/aws/permits.ts';
import { privilegesTable, reasonOf } from './privileges/document.ts';
import { EXCEPTIONS } from './privileges/exceptions.ts';
import { rolesByName, synthesize } from './privileges/installation.ts';
import { simulate } from './privileges/judge.ts';
import type { Role } from './privileges/statements.ts';

const ACCOUNT = '000000000000';
const REGISTRY = `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/fairlead`;
const PUSH = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
  'CreateRepository',
];
const PULL = ['BatchGetImage', 'GetDownloadUrlForLayer'];

let roles: Map<string, Role>;
beforeAll(() => {
  roles = rolesByName(synthesize());
}, 240_000);

/** As policies write it. */
const variable = (name: string) => `\${${name}}`;

const repository = (name: string) => `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/${name}`;

/** Tags of the session that a build of `app` for `environment` is lent, as condition keys. */
function sessionOf(app: string, environment: string) {
  const tags = sessionTags(repositoryFor(REGISTRY, app, { name: environment })) ?? [];
  return Object.fromEntries(tags.map(({ Key, Value }) => [`aws:PrincipalTag/${Key}`, Value]));
}

/** Which of `actions` a session may do with the repository. */
async function allowed(context: Record<string, string>, actions: string[], name: string): Promise<string[]> {
  const { statements } = roles.get('fairlead-lent') ?? { statements: [] };
  const verdicts = actions.map((action) =>
    simulate(
      {
        principal: `arn:aws:sts::${ACCOUNT}:assumed-role/fairlead-lent/build`,
        service: 'ecr',
        action,
        resource: repository(name),
        context,
      },
      statements,
    ),
  );
  const all = await Promise.all(verdicts);
  return actions.filter((_, index) => all[index] === 'Allowed');
}

describe('a build that is carried out elsewhere', () => {
  it('publishes to its own app’s repository, and reads it', async () => {
    expect(await allowed(sessionOf('web', 'production'), [...PUSH, ...PULL], 'fairlead/web')).toEqual([
      ...PUSH,
      ...PULL,
    ]);
  });

  it.each([
    'fairlead/web-api',
    'fairlead/web/other',
    'fairlead/we',
    'fairlead/api',
    'fairlead/',
    'web',
    'other/web',
  ])('touches nothing of another: %s', async (name) => {
    expect(await allowed(sessionOf('web', 'production'), [...PUSH, ...PULL], name)).toEqual([]);
  });

  it('of a preview publishes beside production’s images, and reads those', async () => {
    const session = sessionOf('web', 'preview-blue');
    expect(await allowed(session, PUSH, 'fairlead/web/of.previews')).toEqual(PUSH);
    expect(await allowed(session, PULL, 'fairlead/web')).toEqual(PULL);
    expect(await allowed(session, PUSH, 'fairlead/web')).toEqual([]);
    expect(await allowed(session, [...PUSH, ...PULL], 'fairlead/web-api/of.previews')).toEqual([]);
  });

  it('reads bases where they are mirrored, and writes none', async () => {
    const session = sessionOf('web', 'production');
    expect(await allowed(session, PULL, 'docker.io/library/golang')).toEqual(PULL);
    expect(await allowed(session, ['PutImage', 'UploadLayerPart'], 'docker.io/library/golang')).toEqual([]);
  });

  it('touches nothing without the tags of a session', async () => {
    for (const name of ['fairlead/web', 'fairlead/', `fairlead/${variable('aws:PrincipalTag/fairlead-app')}`])
      expect(await allowed({}, [...PUSH, ...PULL], name)).toEqual([]);
  });

  it('is let into the same repositories by the local ECR, whatever their names', async () => {
    const word = fc.stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/);
    const environment = fc.constantFrom('production', 'preview-blue', 'staging');
    const other = fc.oneof(
      word,
      word.map((name) => `${name}/of.previews`),
    );
    const statements = lentStatements(repository);
    await fc.assert(
      fc.asyncProperty(
        word,
        environment,
        other,
        fc.constantFrom(...PUSH, ...PULL),
        async (app, where, name, action) => {
          const context = sessionOf(app, where);
          const tags = Object.fromEntries(
            Object.entries(context).map(([key, value]) => [key.replace('aws:PrincipalTag/', ''), value]),
          );
          for (const asked of [name, app, `${app}/of.previews`, `${app}-api`]) {
            const here = permits(statements, tags, `ecr:${action}`, repository(`fairlead/${asked}`));
            const onAws = (await allowed(context, [action], `fairlead/${asked}`)).length > 0;
            expect({ asked, here }).toEqual({ asked, here: onAws });
          }
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);
});

describe('the role of all builds in CodeBuild', () => {
  it('has no right in any registry, and none to take up another role', () => {
    const actions = (roles.get('fairlead-codebuild')?.statements ?? []).flatMap(({ Action }) => Action);
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.filter((action) => /^(ecr|sts|iam):/.test(action))).toEqual([]);
  });

  it.each([
    ['lent/0123', 'Allowed'],
    ['name/registry/fairlead/web', 'ImplicitlyDenied'],
    [undefined, 'ImplicitlyDenied'],
  ])('reads what it is told the name of, and no list of names: %s', async (key, verdict) => {
    const call = {
      principal: `arn:aws:sts::${ACCOUNT}:assumed-role/fairlead-codebuild/build`,
      service: 'dynamodb',
      resource: `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/fairlead-lent`,
      ...(key !== undefined && { context: { 'dynamodb:LeadingKeys': [key] } }),
    };
    const { statements = [] } = roles.get('fairlead-codebuild') ?? {};
    expect(await simulate({ ...call, action: 'GetItem' }, statements)).toBe(verdict);
    for (const action of ['Query', 'Scan', 'PutItem', 'BatchGetItem'])
      expect(await simulate({ ...call, action }, statements)).toBe('ImplicitlyDenied');
  });
});

describe('reasons for rights that the tour does not need', () => {
  it.each(EXCEPTIONS.map(({ why, shown }) => [why, ...shown] as const))(
    'name a test that there is: %s',
    (_, file, name) => {
      const text = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8');
      const names = [...text.matchAll(/\b(?:it|test)(?:\.each\([^)]*\))?\(\s*['"`](.*?)['"`],/gs)];
      expect(names.map(([, title = '']) => title).filter((title) => title.includes(name))).not.toEqual([]);
    },
  );
});

describe('the evaluation', () => {
  const call = {
    principal: `arn:aws:sts::${ACCOUNT}:assumed-role/fairlead-deploy/deploy`,
    service: 'dynamodb',
    action: 'PutItem',
  };

  it('allows no call whose resource was not recorded, where the action takes one', async () => {
    const { statements = [] } = roles.get('fairlead-deploy') ?? {};
    const ledger = `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/fairlead-ledger`;
    expect(await simulate({ ...call, resource: ledger }, statements)).toBe('Allowed');
    expect(await simulate(call, statements)).toBe('ImplicitlyDenied');
  });

  it('shows composite alarms to the function that rolls out', async () => {
    const { statements = [] } = roles.get('fairlead-roll-out') ?? {};
    const look = { ...call, service: 'cloudwatch', action: 'DescribeAlarms' };
    expect(await simulate(look, statements)).toBe('Allowed');
  });
});

/**
 * Metrics have no ARNs: what IAM knows as that action's resource are data sets, which alarms and bakes do not read. Composite
 * alarms are shown to nobody whose right to describe alarms is narrower than `*` (API_DescribeAlarms).
 */
const NAMELESS = ['cloudwatch:GetMetricData', 'cloudwatch:DescribeAlarms'];

describe('statements about every resource', () => {
  it('have actions that take no resource, and no others', async () => {
    const wide = [...roles.values()].flatMap(({ name, statements }) =>
      statements
        .filter(({ Resource }) => Resource.includes('*'))
        .flatMap(({ Action }) => Action.map((action) => ({ name, action }))),
    );
    expect(wide.length).toBeGreaterThan(5);
    const wrong: string[] = [];
    for (const { name, action } of wide) {
      const [service = '', verb = ''] = action.split(':');
      if (!NAMELESS.includes(action) && !(await isWildcardOnlyAction(service, verb)))
        wrong.push(`${name}: ${action}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('docs/privileges.md', () => {
  const path = join(import.meta.dirname, '..', '..', 'docs', 'privileges.md');

  it('has the table of all roles, as they are (vitest -u writes it)', async () => {
    const text = readFileSync(path, 'utf8');
    const [before, after] = [text.indexOf('<!-- roles -->'), text.indexOf('<!-- end of roles -->')];
    const made = `${text.slice(0, before)}<!-- roles -->\n${privilegesTable(roles)}\n${text.slice(after)}`;
    await expect(made).toMatchFileSnapshot(path);
  });

  it('says of every right what it is needed for', () => {
    const all = [...roles.values()].flatMap(({ name, statements }) =>
      statements.flatMap(({ Action }) => Action.map((action) => [name, action] as const)),
    );
    expect(all.filter(([role, action]) => reasonOf(role, action) === undefined)).toEqual([]);
  });
});
