import { describe, expect, test } from 'vitest';
import { check } from '../../../lib/config/check.ts';
import { DEFAULTS } from '../../../lib/config/config.ts';
import { defineConfig } from '../../../lib/config/define.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { NO_PREVIEWS } from '../../../lib/push/previews.ts';

const shop = { repository: 'github.com/acme/Web_Shop' };

/** What a person reads of what is wrong with `said`. */
function told(said: unknown): string {
  try {
    check(said);
  } catch (error) {
    if (error instanceof FairleadError && error.code === 'config/invalid') return error.message;
    throw error;
  }
  throw new Error('it was taken');
}
const withApp = (change: object) => ({ apps: [{ ...shop, ...change }] });
const zoned = (...zones: string[]) => ({
  apps: 'any',
  cluster: { new: { zones } },
  regions: ['us-east-1'],
});
const existing = (change: object) => ({ apps: 'any', cluster: { existing: { name: 'apps', ...change } } });

describe('a configuration', () => {
  test('that says but what is deployed has defaults for all else', () => {
    expect(check({ apps: 'any' })).toEqual(DEFAULTS);
    expect(check(defineConfig({ apps: [shop] }))).toEqual({
      ...DEFAULTS,
      apps: [
        {
          app: 'web-shop',
          repository: { host: 'github', owner: 'acme', repository: 'Web_Shop' },
          environments: { production: 'main' },
          previews: NO_PREVIEWS,
        },
      ],
    });
  });

  test('is taken in full', () => {
    const config = check(
      defineConfig({
        apps: [
          {
            repository: 'https://git.example.com/acme/shop.git',
            name: 'shop',
            environments: { production: 'main', staging: 'release/next' },
            previews: { of: 'branches', branches: ['feature/*'], ttl: '12h', most: 3 },
          },
          { repository: 'codecommit/billing' },
          { repository: 'gitlab.com/group/sub/blog' },
        ],
        hosts: [
          { kind: 'gitea', url: 'https://git.example.com/' },
          { kind: 'codecommit' },
          { kind: 'gitlab' },
        ],
        regions: ['eu-west-1'],
        cluster: { new: { version: '1.36', natGateways: 1 }, loadBalancers: 'internal' },
        engines: { microvm: true },
        registry: { keepImages: 7 },
        alarms: { queueAge: 60 },
        notifications: { topics: ['arn:aws:sns:eu-west-1:123456789012:ops'] },
        budget: { monthly: 99.5, email: ['a@example.com'] },
        logDays: 30,
      }),
    );
    expect(config).toMatchObject({
      apps: [
        {
          app: 'shop',
          repository: { host: 'gitea', owner: 'acme', repository: 'shop' },
          environments: { staging: 'release/next' },
          previews: { of: 'branches', branches: ['feature/*'], ttl: 43_200, most: 3 },
        },
        { app: 'billing', repository: { host: 'codecommit', owner: '', repository: 'billing' } },
        { app: 'blog', repository: { host: 'gitlab', owner: 'group/sub', repository: 'blog' } },
      ],
      hosts: [{ kind: 'gitea', url: 'https://git.example.com', access: 'token' }, { kind: 'codecommit' }, {}],
      cluster: {
        ...{ is: 'new', version: '1.36', natGateways: 1, endpoint: 'public-and-private' },
        loadBalancers: 'internal',
      },
      engines: { microvm: true, codebuild: true },
      registry: { keepImages: 7, scanning: 'on-push', mounting: true },
      alarms: { ...DEFAULTS.alarms, queueAge: 60 },
      notifications: { email: [], topics: [expect.any(String)] },
      budget: { monthly: 99.5 },
      logDays: 30,
    });
  });

  test('of a cluster that is there, in private', () => {
    const network = { vpc: 'vpc-0a1b2c3d', subnets: ['subnet-0a1b2c3d'] };
    expect(check(existing({ endpoint: 'private', ...network })).cluster).toEqual({
      is: 'existing',
      name: 'apps',
      endpoint: 'private',
      securityGroups: [],
      loadBalancers: 'internet-facing',
      ...network,
    });
    const inVpc = { apps: 'any', cluster: { existing: { name: 'apps' }, loadBalancers: 'internal' } };
    expect(check(inVpc).cluster).toMatchObject({ name: 'apps', loadBalancers: 'internal' });
  });
});

describe('what is wrong is told with the file, the field, and what may stand there', () => {
  test.each<[string, unknown, RegExp]>([
    ['nothing at all', undefined, /^fairlead\.config\.ts: /],
    ['no apps', {}, /^fairlead\.config\.ts: apps: is missing: it has to be 'any', or a list/],
    ['an empty list', { apps: [] }, /apps: has to be 'any', or a list of at least one app.* and is \[\]/],
    [
      'a field spelled wrong',
      { apps: 'any', enginse: {} },
      /enginse: there is no such field; did you mean engines\?/,
    ],
    [
      'a field inside spelled wrong',
      withApp({ enviroments: {} }),
      /apps\[0\]\.enviroments: .*did you mean environments\?/,
    ],
    [
      'a word spelled wrong',
      withApp({ previews: { of: 'branch' } }),
      /previews\.of: has to be one of off, branches, pull-requests, and is 'branch'; did you mean 'branches'\?/,
    ],
    [
      'a duration',
      withApp({ previews: { of: 'off', ttl: '3 days' } }),
      /ttl: has to be text like '3d', '12h'/,
    ],
    ['no duration at all', withApp({ previews: { of: 'off', ttl: '0h' } }), /ttl: has to be text/],
    [
      'an ARN',
      { apps: 'any', cluster: { new: { admins: ['me'] } } },
      /cluster\.new\.admins\[0\]: has to be ARNs of IAM roles/,
    ],
    [
      'from where load balancers are reached',
      { apps: 'any', cluster: { new: {}, loadBalancers: 'public' } },
      /cluster\.loadBalancers: has to be one of internet-facing, internal, and is 'public'/,
    ],
    [
      'it inside of a cluster that is there',
      existing({ loadBalancers: 'internal' }),
      /cluster\.existing\.loadBalancers: there is no such field/,
    ],
    [
      'a topic',
      { apps: 'any', notifications: { topics: ['arn:aws:sqs:eu-west-1:1:x'] } },
      /notifications\.topics\[0\]: has to be ARNs like/,
    ],
    [
      'a region',
      { apps: 'any', regions: ['eu-centrl-1'] },
      /regions\[0\]: has to be .*AWS regions like 'eu-central-1', and is 'eu-centrl-1'/,
    ],
    [
      'a region twice',
      { apps: 'any', regions: ['eu-west-1', 'eu-west-1'] },
      /regions\[1\]: 'eu-west-1' stands there twice/,
    ],
    [
      'a version as a number',
      { apps: 'any', cluster: { new: { version: 1.35 } } },
      /version: has to be text like '1.35', and is 1.35/,
    ],
    [
      'days that CloudWatch does not know',
      { apps: 'any', logDays: 10 },
      /logDays: has to be one of 1, 3, 5, 7, 14, 30/,
    ],
    [
      'a budget for nobody',
      { apps: 'any', budget: { monthly: 5, email: [] } },
      /budget\.email: has to be at least one address/,
    ],
    ['a function', { apps: () => [] }, /apps: has to be .* and is a function/],
  ])('%s', (_what, said, why) => {
    expect(told(said)).toMatch(why);
  });

  test('all of it at once', () => {
    const all = told({ apps: [{ repository: 1 }], platform: 'arm', logDays: 2 });
    for (const field of ['apps[0].repository:', 'platform:', 'logDays:']) expect(all).toContain(field);
  });
});

describe('what does not go together', () => {
  const two = (other: object) => ({ apps: [shop, { repository: 'github.com/other/web-shop', ...other }] });
  const hosts = (...hosts: object[]) => ({ apps: 'any', hosts });
  const microvm = { engines: { microvm: true } };

  test.each<[string, unknown, RegExp]>([
    [
      'a host that is not one of the hosts',
      withApp({ repository: 'gitlab.com/a/b' }),
      /apps\[0\]\.repository: 'gitlab.com\/a\/b' is no repository: .*add it to hosts: \{ kind: 'gitlab' \}/,
    ],
    [
      'a repository without an owner',
      withApp({ repository: 'github.com/shop' }),
      /it has to be github.com\/OWNER\/NAME/,
    ],
    [
      'a word that no repository has',
      withApp({ repository: 'github.com/acme/a b' }),
      /has to be followed by OWNER\/NAME/,
    ],
    [
      'a repository that makes no name',
      withApp({ repository: 'github.com/acme/3rd' }),
      /apps\[0\]\.repository: .*not a DNS label.*give it a name/,
    ],
    [
      'two apps of one name',
      two({}),
      /apps\[1\]\.name: the app 'web-shop' is apps\[0\] already; give one of them another name/,
    ],
    [
      'one repository twice',
      { apps: [shop, { repository: 'github.com/ACME/web_shop', name: 'x' }] },
      /apps\[1\]\.repository: .* is deployed by apps\[0\] already/,
    ],
    [
      'one branch for two environments',
      withApp({ environments: { production: 'main', live: 'main' } }),
      /environments\.live: the branch 'main' is production's already/,
    ],
    [
      'an environment called as previews are',
      withApp({ environments: { 'preview-x': 'x' } }),
      /previews begin with it/,
    ],
    ['no environment', withApp({ environments: {} }), /environments: has to name one at least/],
    [
      'names that are too long together',
      withApp({ name: 'a'.repeat(50), environments: { staging: 'x' } }),
      /environments\.staging: is 1 characters too long/,
    ],
    [
      'a branch that git does not know',
      withApp({ environments: { production: 'refs/heads/main' } }),
      /environments\.production: has to be/,
    ],
    [
      'previews of pull requests where there are none',
      {
        ...withApp({ repository: 'codecommit/x', previews: { of: 'pull-requests' } }),
        hosts: [{ kind: 'codecommit' }],
      },
      /previews\.of: previews of pull requests are there for .*this is codecommit: take 'branches'/,
    ],
    [
      'two hosts of a kind',
      hosts({ kind: 'github' }, { kind: 'github', url: 'https://git.example.com' }),
      /hosts\[1\]: there is another github above it/,
    ],
    ['a Gitea without an address', hosts({ kind: 'gitea' }), /hosts\[0\]\.url: is missing/],
    [
      'a CodeCommit with one',
      hosts({ kind: 'codecommit', url: 'https://x.test' }),
      /hosts\[0\]\.url: CodeCommit is in the account/,
    ],
    [
      'an address in clear text',
      hosts({ kind: 'gitea', url: 'http://git.example.com' }),
      /has to be a URL that begins with https/,
    ],
    [
      'an App of another host',
      hosts({ kind: 'gitlab', access: 'app' }),
      /hosts\[0\]\.access: gitlab has no GitHub Apps/,
    ],
    [
      'a Bitbucket of one’s own',
      hosts({ kind: 'bitbucket', url: 'https://bb.example.com' }),
      /only Bitbucket Cloud/,
    ],
    [
      'MicroVMs where there are none',
      { apps: 'any', ...microvm, regions: ['eu-central-1'] },
      /engines\.microvm: MicroVMs are in us-east-1.* not in eu-central-1/,
    ],
    ['MicroVMs anywhere', { apps: 'any', ...microvm }, /engines\.microvm: .*name one of these in regions/],
    [
      'MicroVMs for amd64',
      { apps: 'any', ...microvm, regions: ['us-east-1'], platform: 'linux/amd64' },
      /engines\.microvm: MicroVMs are arm64/,
    ],
    [
      'a new cluster that is there',
      { apps: 'any', cluster: { new: {}, existing: { name: 'x' } } },
      /cluster: has to be one of/,
    ],
    ['no cluster', { apps: 'any', cluster: {} }, /cluster: has to be one of/],
    [
      'a zone of no region that is named',
      { apps: 'any', cluster: { new: { zones: ['us-east-1a', 'us-east-1b'] } } },
      /new\.zones\[0\]: 'us-east-1a' is of us-east-1: name it in regions/,
    ],
    [
      'a zone of another region',
      { ...zoned('us-east-1a', 'us-east-1b', 'us-west-2a'), regions: ['us-east-1'] },
      /new\.zones\[2\]: 'us-west-2a' is of us-west-2: regions are us-east-1/,
    ],
    ['a zone twice', zoned('us-east-1a', 'us-east-1a'), /new\.zones\[1\]: 'us-east-1a' stands there twice/],
    [
      'one zone of a region',
      { ...zoned('us-east-1a', 'us-east-1b', 'eu-west-1a'), regions: ['us-east-1', 'eu-west-1'] },
      /new\.zones: has to name 2 zones of eu-west-1, and names 1/,
    ],
    [
      'three zones of a region',
      zoned('us-east-1a', 'us-east-1b', 'us-east-1c'),
      /new\.zones: has to name 2 zones of us-east-1, and names 3/,
    ],
    ['a local zone', zoned('us-east-1-bos-1a', 'us-east-1b'), /new\.zones\[0\]: has to be names of zones/],
    [
      'a private endpoint without a way',
      existing({ endpoint: 'private' }),
      /existing\.vpc: is missing.*existing\.subnets: is missing/,
    ],
    [
      'a way without a private endpoint',
      existing({ vpc: 'vpc-0a1b2c3d' }),
      /existing\.vpc: is for an endpoint that is 'private'/,
    ],
    [
      'a private endpoint of two regions',
      {
        ...existing({ endpoint: 'private', vpc: 'vpc-0a1b2c3d', subnets: ['subnet-0a1b2c3d'] }),
        regions: ['eu-west-1', 'eu-west-2'],
      },
      /existing\.endpoint: a VPC is in one region/,
    ],
    [
      'a topic of another region',
      {
        apps: 'any',
        regions: ['eu-west-1'],
        notifications: { topics: ['arn:aws:sns:eu-west-2:123456789012:ops'] },
      },
      /notifications\.topics\[0\]: is in eu-west-2/,
    ],
    [
      'more topics than an alarm tells',
      {
        apps: 'any',
        notifications: { topics: [1, 2, 3, 4, 5].map((at) => `arn:aws:sns:eu-west-2:123456789012:ops${at}`) },
      },
      /notifications\.topics: are 5 in eu-west-2, and alarms tell 4 at most/,
    ],
    [
      'more addresses than a budget mails to',
      {
        apps: 'any',
        budget: { monthly: 5, email: Array.from({ length: 11 }, (_, at) => `a${at}@b.example`) },
      },
      /budget\.email: has to be 10 addresses at most/,
    ],
  ])('%s', (_what, said, why) => {
    expect(told(said)).toMatch(why);
  });

  test('CodeCommit, of which nobody hears what is not named, and any app', () => {
    const said = told(hosts({ kind: 'codecommit' }));
    expect(said).toMatch(/apps: cannot be 'any' with CodeCommit/);
    // Once.
    expect(said).not.toContain(';');
  });

  test('an app whose name is said otherwise stands beside another of that name', () => {
    expect(check(two({ name: 'other' })).apps).toMatchObject([{ app: 'web-shop' }, { app: 'other' }]);
  });
});
