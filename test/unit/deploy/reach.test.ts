import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkRegion } from '../../../bin/commands/deploy/checks.ts';
import { check } from '../../../lib/config/check.ts';
import type { FairleadError } from '../../../lib/errors.ts';
import { type Account, ID, startAws } from './fake-aws.ts';

const VPC = {
  vpcId: 'vpc-0a1b2c3d',
  subnetIds: ['subnet-0a1b2c3d', 'subnet-0a1b2c3e'],
  securityGroupIds: ['sg-0add0add'],
  clusterSecurityGroupId: 'sg-0c1c1c1c',
};
const PRIVATE = {
  endpoint: 'private',
  vpc: 'vpc-0a1b2c3d',
  subnets: ['subnet-0a1b2c3d', 'subnet-0a1b2c3e'],
} as const;

let account: Account;
let aws: Awaited<ReturnType<typeof startAws>>;
beforeEach(async () => {
  account = { arn: `arn:aws:iam::${ID}:user/ana`, stacks: { CDKToolkit: { BootstrapVersion: '30' } } };
  aws = await startAws(account);
});
afterEach(() => aws.close());

/** What a person is told before anything is done; nothing where all is well. */
async function told(
  cluster: object,
  { region = 'us-east-1', ...more }: { region?: string; regions?: string[] } = {},
) {
  const config = check({ apps: 'any', cluster, ...more });
  return await checkRegion(aws.awsIn(region), ID, config).then(
    () => undefined,
    (error: FairleadError) => error.fault,
  );
}

/** A cluster that is there, whose endpoint is as `resourcesVpcConfig` says. */
function there(resourcesVpcConfig: object): void {
  account.cluster = { accessConfig: { authenticationMode: 'API' }, resourcesVpcConfig };
}

describe('the endpoint of a cluster that is there', () => {
  const existing = (more: object = {}) => told({ existing: { name: 'mine', ...more } });
  const isOpen = { endpointPublicAccess: true, endpointPrivateAccess: true };

  test.each([
    ['without a word on who is let in', { ...VPC, ...isOpen }],
    ['open to everybody', { ...VPC, ...isOpen, publicAccessCidrs: ['0.0.0.0/0'] }],
    [
      'open to everybody, among others',
      { ...VPC, ...isOpen, publicAccessCidrs: ['203.0.113.7/32', '0.0.0.0/0'] },
    ],
  ])('is reached from outside where it is public, %s', async (_what, config) => {
    there(config);
    expect(await existing()).toBeUndefined();
    expect(await existing({ endpoint: 'public-and-private' })).toBeUndefined();
  });

  test.each([
    [
      'it is private',
      { endpointPublicAccess: false },
      /it has no public endpoint, and with endpoint: 'public'/,
    ],
    [
      'it lets in some addresses only',
      { endpointPublicAccess: true, publicAccessCidrs: ['203.0.113.7/32', '::/0'] },
      /answers 203\.0\.113\.7\/32, ::\/0 only/,
    ],
  ])('is refused where %s, with what to write instead', async (_what, config, cause) => {
    there({ ...VPC, endpointPrivateAccess: true, ...config });
    const { code, cause: why = '', remedy = '' } = (await existing()) ?? {};
    expect(code).toBe('deploy/endpoint-closed');
    expect(why).toMatch(cause);
    expect(remedy).toMatch(/^write endpoint: 'private'/);
    // What it says can be copied, and is then let through.
    const [, copied = ''] = /^write (.*) in cluster\.existing/.exec(remedy) ?? [];
    const settings = Object.fromEntries(
      [...copied.matchAll(/(\w+): ('[^']*'|\[[^\]]*\])/g)].map(([, key, value = '']) => [
        key,
        JSON.parse(value.replaceAll("'", '"')),
      ]),
    );
    expect(settings).toEqual({ ...PRIVATE, securityGroups: ['sg-0c1c1c1c'] });
    account.ec2 = { groupRules: [{ protocol: '-1', from: { group: 'sg-0c1c1c1c' } }] };
    expect(await existing(settings)).toBeUndefined();
  });

  test('is turned on first where there is none in the VPC', async () => {
    there({
      ...VPC,
      endpointPublicAccess: true,
      endpointPrivateAccess: false,
      publicAccessCidrs: ['203.0.113.7/32'],
    });
    expect((await existing())?.remedy).toMatch(
      /^aws eks update-cluster-config --name mine --region us-east-1 --resources-vpc-config endpointPrivateAccess=true; then write/,
    );
  });
});

describe('a private endpoint', () => {
  const existing = (securityGroups?: string[]) =>
    told({ existing: { name: 'mine', ...PRIVATE, ...(securityGroups && { securityGroups }) } });
  beforeEach(() => there({ ...VPC, endpointPublicAccess: false, endpointPrivateAccess: true }));

  test('lets in who is named, by a rule of its own group or of an added one', async () => {
    account.ec2 = { groupRules: [{ from: { group: 'sg-0a0a0a0a' } }] };
    expect(await existing(['sg-0b0b0b0b', 'sg-0a0a0a0a'])).toBeUndefined();
    expect(aws.asked).toContain('DescribeSecurityGroupRules sg-0c1c1c1c sg-0add0add');
  });

  test('lets in whoever is in a network, of which the function’s may be one', async () => {
    account.ec2 = { groupRules: [{ ports: [0, 65_535], from: { network: '10.0.0.0/16' } }] };
    expect(await existing()).toBeUndefined();
  });

  test('lets in the group that the pipeline has made, where somebody has seen to it', async () => {
    account.ec2 = { groupRules: [{ from: { group: 'sg-0e0e0e0e' } }], stackGroups: ['sg-0e0e0e0e'] };
    expect(await existing()).toBeUndefined();
  });

  test.each<[string, Account['ec2']]>([
    ['no rule', {}],
    ['another port', { groupRules: [{ ports: [80, 80], from: { group: 'sg-0a0a0a0a' } }] }],
    ['another protocol', { groupRules: [{ protocol: 'udp', from: { group: 'sg-0a0a0a0a' } }] }],
    ['what goes out', { groupRules: [{ isEgress: true, from: { network: '0.0.0.0/0' } }] }],
    ['itself alone', { groupRules: [{ protocol: '-1', from: { group: 'sg-0c1c1c1c' } }] }],
  ])('is refused where there is %s', async (_what, ec2) => {
    account.ec2 = ec2 ?? {};
    const { code, cause, remedy } = (await existing(['sg-0a0a0a0a'])) ?? {};
    expect(code).toBe('deploy/not-let-in');
    expect(cause).toMatch(/^sg-0a0a0a0a is let in .* by no rule of sg-0c1c1c1c, sg-0add0add on port 443/);
    expect(remedy).toMatch(/write securityGroups: \['sg-0c1c1c1c'\]/);
    expect(remedy).toMatch(/--group-id sg-0c1c1c1c --protocol tcp --port 443 --source-group sg-0a0a0a0a/);
  });

  test('is refused where no group is named, since a new one is let in nowhere', async () => {
    account.ec2 = { groupRules: [{ protocol: '-1', from: { group: 'sg-0c1c1c1c' } }] };
    expect(await existing()).toMatchObject({ code: 'deploy/not-let-in' });
  });

  test('is taken as it is told where whoever deploys may not ask EC2', async () => {
    account.ec2 = { isRefused: true };
    expect(await existing()).toBeUndefined();
  });
});

describe('the zones of a new cluster', () => {
  const zones = { 'us-east-1c': 'use1-az4', 'us-east-1a': 'use1-az3', 'us-east-1b': 'use1-az1' };

  test('are refused where EKS has no cluster in one of the first two, with two that will do', async () => {
    account.ec2 = { zones };
    const fault = await told({ new: {} });
    expect(fault).toMatchObject({
      code: 'deploy/zone-without-eks',
      cause:
        'its VPC would be in us-east-1a (use1-az3) and us-east-1b (use1-az1), and EKS makes no cluster in us-east-1a (use1-az3)',
      remedy:
        "add zones: ['us-east-1b', 'us-east-1c'] to cluster.new in fairlead.config.ts (and regions: ['us-east-1'])",
    });
    const named = { new: { zones: ['us-east-1b', 'us-east-1c'] } };
    expect(await told(named, { regions: ['us-east-1'] })).toBeUndefined();
    const wrong = { new: { zones: ['us-east-1b', 'us-east-1a'] } };
    expect(await told(wrong, { regions: ['us-east-1'] })).toMatchObject({
      code: 'deploy/zone-without-eks',
      remedy: expect.stringMatching(/fairlead\.config\.ts$/),
    });
  });

  test('are those that have a default subnet, where any has', async () => {
    account.ec2 = { zones, defaultSubnets: ['use1-az1', 'use1-az4'] };
    expect(await told({ new: {} })).toBeUndefined();
    account.ec2 = { zones: { ...zones, 'us-east-1d': 'use1-az6' }, defaultSubnets: ['use1-az6', 'use1-az3'] };
    expect((await told({ new: {} }))?.cause).toMatch(/in us-east-1a \(use1-az3\) and us-east-1d/);
  });

  test('have to be there in this account', async () => {
    account.ec2 = { zones };
    expect(
      await told({ new: { zones: ['us-east-1b', 'us-east-1f'] } }, { regions: ['us-east-1'] }),
    ).toMatchObject({
      code: 'deploy/no-zone',
      cause: 'this account has no zone us-east-1f there',
      remedy: expect.stringMatching(/name two of us-east-1b \(use1-az1\), us-east-1c \(use1-az4\) in/),
    });
  });

  test('have no remedy where there are not two', async () => {
    account.ec2 = { zones: { 'us-west-1a': 'usw1-az3', 'us-west-1c': 'usw1-az2' } };
    expect((await told({ new: {} }, { region: 'us-west-1' }))?.remedy).toMatch(/take another region/);
  });

  test('are no question of a cluster that is there, or to who may not ask', async () => {
    account.ec2 = { zones, isRefused: true };
    expect(await told({ new: {} })).toBeUndefined();
    account.ec2 = { zones };
    account.stacks.FairleadCluster = { ClusterName: 'fairlead' };
    expect(await told({ new: {} })).toBeUndefined();
    // One that could not be made, and says nothing.
    account.stacks.FairleadCluster = {};
    expect(await told({ new: {} })).toMatchObject({ code: 'deploy/zone-without-eks' });
  });
});
