import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DeployFlags, deploy, type Tools } from '../../../bin/commands/deploy/run.ts';
import type { SetUp } from '../../../bin/commands/deploy/set-up.ts';
import { type Account, ID, startAws } from './fake-aws.ts';

const REGION = 'eu-west-1';
const SECRET = `arn:aws:secretsmanager:${REGION}:${ID}:secret:hook-1`;
const APPLIED: SetUp = {
  is: 'applied',
  objects: [{ name: 'ClusterRole/fairlead-deployer', outcome: 'changed' }],
};
const OUT_OF_REACH = { is: 'out-of-reach', why: 'no answer', command: 'run this' } as const satisfies SetUp;

let root: string;
let account: Account;
let aws: Awaited<ReturnType<typeof startAws>>;
let said: string[];
let order: string[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'fairlead-deploy-'));
  writeFileSync(join(root, 'package.json'), '{"name": "fairlead"}');
  mkdirSync(join(root, 'lambdas'));
  writeFileSync(join(root, 'lambdas', 'build-image.Dockerfile'), 'FROM golang:1.19\nRUN go version\n');
  account = {
    arn: `arn:aws:sts::${ID}:assumed-role/AWSReservedSSO_Admin_1/ana`,
    rolePath: '/aws-reserved/sso.amazonaws.com/',
    stacks: {
      CDKToolkit: { BootstrapVersion: '30' },
      FairleadCluster: { ClusterName: 'Cluster-1' },
      FairleadPipeline: { WebhookUrl: 'https://hook.example/', GithubWebhookSecretArn: SECRET },
    },
  };
  aws = await startAws(account);
  [said, order] = [[], []];
  stubCdk();
});
afterEach(() => {
  aws.close();
  rmSync(root, { recursive: true, force: true });
});

/** A command in place of the CDK's, that notes how it was called. */
function stubCdk(code = 0): void {
  const path = join(root, 'cdk');
  const script = `#!/bin/sh\nprintf '%s\\n' "$@" > ${root}/arguments\nenv > ${root}/environment\nexit ${code}\n`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
}

const ranCdk = () => existsSync(join(root, 'arguments'));

function run(tools: Partial<Tools> = {}, flags: Partial<DeployFlags> = {}): Promise<number> {
  return deploy(
    { requireApproval: 'broadening', ...flags },
    {
      root,
      env: { PATH: process.env.PATH },
      cdk: join(root, 'cdk'),
      ownRegion: async () => REGION,
      awsIn: aws.awsIn,
      setUpCluster: async (_, cluster) => {
        order.push(`set up ${cluster}, the CDK ${ranCdk() ? 'done' : 'not run'}`);
        return APPLIED;
      },
      say: (line) => said.push(line),
      ...tools,
    },
  );
}

const configure = (text: string) =>
  writeFileSync(join(root, 'fairlead.config.ts'), `export default ${text};\n`);

describe('fairlead deploy', () => {
  test('runs the CDK without docker, sets up the cluster, and says where the hosts’ secrets are', async () => {
    expect(await run()).toBe(0);
    expect(readFileSync(join(root, 'arguments'), 'utf8').trim().split('\n')).toEqual([
      'deploy',
      '--all',
      '--require-approval',
      'broadening',
      '--context',
      // With its path, by which alone EKS knows it.
      `installer=arn:aws:iam::${ID}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1`,
    ]);
    const environment = readFileSync(join(root, 'environment'), 'utf8');
    expect(environment).toContain(`CDK_DOCKER=${join(root, 'bin', 'fairlead-docker.js')}\n`);
    expect(environment).toContain(`AWS_REGION=${REGION}\n`);
    expect(order).toEqual(['set up Cluster-1, the CDK done']);
    const text = said.join('\n');
    expect(text).toContain('https://hook.example/');
    expect(text).toContain(
      `get-secret-value --query SecretString --output text --region ${REGION} --secret-id ${SECRET}`,
    );
    expect(text).toMatch(/Next: npx fairlead doctor/);
    // It knows no value of a secret, for it never asks for one.
    expect(aws.asked).not.toContain('GetSecretValue');
  });

  test('turns layer sharing on once, and goes on where it may not', async () => {
    await run();
    expect(account.mounting).toBe('ENABLED');
    expect(aws.asked.filter((one) => one === 'PutAccountSetting')).toHaveLength(1);
    await run();
    expect(aws.asked.filter((one) => one === 'PutAccountSetting')).toHaveLength(1);
    account.mounting = 'not yours to set';
    expect(await run()).toBe(0);
    expect(said.join('\n')).toContain('aws ecr put-account-setting --name BLOB_MOUNTING');
  });

  test('bounds what the control plane of its own cluster logs, where nobody has', async () => {
    const [own, others] = ['/aws/eks/Cluster-1/cluster', '/aws/eks/Cluster-10/cluster'];
    account.logs = { [others]: undefined, [own]: undefined };
    await run();
    expect(account.logs).toEqual({ [others]: undefined, [own]: 90 });
    account.logs = { [own]: 7 };
    await run();
    expect(account.logs).toEqual({ [own]: 7 });
  });

  test('leaves an account setting alone that the configuration does not want', async () => {
    configure(`{ apps: 'any', registry: { mounting: false, scanning: 'as-is' } }`);
    expect(await run()).toBe(0);
    expect(aws.asked.filter((one) => /AccountSetting|Scanning/.test(one))).toEqual([]);
  });

  test('names the CDK’s own docker where the person chose one', async () => {
    await run({ env: { PATH: '/usr/bin:/bin', CDK_DOCKER: 'docker' } });
    expect(readFileSync(join(root, 'environment'), 'utf8')).toContain('CDK_DOCKER=docker\n');
  });

  test('ends as the CDK did, without touching the cluster', async () => {
    stubCdk(3);
    expect(await run()).toBe(3);
    expect(order).toEqual([]);
  });

  test('names the profile that it was given in what it tells to run', async () => {
    const awsIn = (region: string) => ({ ...aws.awsIn(region), profile: 'my own' });
    account.mounting = 'not yours to set';
    await run({ awsIn });
    const commands = said.flatMap(
      (line) => line.match(/(AWS_PROFILE='my own' )?(AWS_REGION=\S+ )?(npx|aws) \w+.*/g) ?? [],
    );
    expect(commands).toHaveLength(4);
    for (const command of commands) expect(command).toMatch(/^AWS_PROFILE='my own' /);
    delete account.stacks.CDKToolkit;
    await expect(run({ awsIn })).rejects.toThrow(/AWS_PROFILE='my own' npx cdk bootstrap/);
  });

  test.each([
    ['amd64 alone', ['amd64'], /Write platform: 'linux\/amd64'/],
    ['arm64 among others', ['amd64', 'arm64'], undefined],
    ['nothing yet', [], undefined],
    ['what Auto Mode makes', undefined, undefined],
  ])('warns where no node takes the pods, of a cluster whose nodes are for %s', async (_, of, warning) => {
    const setUpCluster = async (): Promise<SetUp> => ({ ...APPLIED, ...(of && { architectures: of }) });
    expect(await run({ setUpCluster })).toBe(0);
    if (warning === undefined) expect(said.join('\n')).not.toContain('Warning');
    else expect(said.join('\n')).toMatch(warning);
  });

  test('says nothing where another platform is what the nodes are for', async () => {
    configure(`{ apps: 'any', platform: 'linux/amd64' }`);
    const setUpCluster = async (): Promise<SetUp> => ({ ...APPLIED, architectures: ['amd64'] });
    await run({ setUpCluster });
    expect(said.join('\n')).not.toContain('Warning');
  });

  test('says what is left where the cluster is out of reach', async () => {
    const setUpCluster = async () => OUT_OF_REACH;
    expect(await run({ setUpCluster })).toBe(1);
    expect(said.join('\n')).toContain(OUT_OF_REACH.command);
    expect(said.join('\n')).toMatch(/run it again.*: npx fairlead deploy$/m);
    expect(said.join('\n')).toContain('https://hook.example/');
  });

  test('says what is left where the cluster does not let the person in, too', async () => {
    const setUpCluster = () => Promise.reject(new Error('the cluster refuses you'));
    expect(await run({ setUpCluster })).toBe(1);
    expect(said.join('\n')).toContain('https://hook.example/');
    expect(said.at(-1)).toContain('the cluster refuses you');
  });

  test('goes on with the next region where a step is left in one', async () => {
    configure(`{ apps: 'any', regions: ['eu-west-1', 'us-east-1'] }`);
    const seen: string[] = [];
    const setUpCluster = async ({ region }: { region: string }): Promise<SetUp> => {
      seen.push(region);
      return region === 'eu-west-1' ? OUT_OF_REACH : APPLIED;
    };
    expect(await run({ setUpCluster })).toBe(1);
    expect(seen).toEqual(['eu-west-1', 'us-east-1']);
  });

  test('deploys to each region of the configuration, or to the one that is asked for', async () => {
    configure(`{ apps: 'any', regions: ['eu-west-1', 'us-east-1'] }`);
    expect(await run()).toBe(0);
    expect(readFileSync(join(root, 'arguments'), 'utf8')).toContain('Fairlead*-us-east-1\n');
    expect(order).toHaveLength(2);
    expect(await run({}, { region: 'eu-west-1' })).toBe(0);
    expect(readFileSync(join(root, 'arguments'), 'utf8')).toContain('Fairlead*-eu-west-1\n');
    await expect(run({}, { region: 'eu-north-1' })).rejects.toMatchObject({ code: 'deploy/other-region' });
  });
});

test('an account that cannot set anything apart does with what is shared', async () => {
  account.concurrency = { all: 10, unreserved: 10 };
  configure(`{ apps: 'any', concurrency: 'shared' }`);
  expect(await run()).toBe(0);
});

test('an installation that has its share is not asked for it again', async () => {
  account.concurrency = { all: 1000, unreserved: 100 };
  expect(await run()).toBe(0);
});

test('what its own stack made in the registry is no one else’s', async () => {
  account.registry = { caches: ['docker.io'], templates: ['fairlead'] };
  account.stacks.FairleadRegistry = {};
  expect(await run()).toBe(0);
});

test('puts right what somebody changed by hand, when told to', async () => {
  expect(await run({}, { revertDrift: true })).toBe(0);
  expect(readFileSync(join(root, 'arguments'), 'utf8')).toContain('--revert-drift\n');
});

describe('before anything is done, fairlead deploy', () => {
  afterEach(() => expect(ranCdk()).toBe(false));

  test.each([
    ['there is no bootstrap stack', () => delete account.stacks.CDKToolkit, 'deploy/not-bootstrapped'],
    [
      'it is an old one',
      () => (account.stacks.CDKToolkit = { BootstrapVersion: '5' }),
      'deploy/not-bootstrapped',
    ],
    ['it is the root user', () => (account.arn = `arn:aws:iam::${ID}:root`), 'deploy/root'],
    [
      'others scan the registry',
      () => (account.scanning = { scanType: 'ENHANCED', rules: [] }),
      'deploy/scanning-of-others',
    ],
    [
      'Lambda would not set apart what the functions are to have',
      () => (account.concurrency = { all: 10, unreserved: 10 }),
      'deploy/little-concurrency',
    ],
    [
      'others have set apart too much',
      () => {
        account.concurrency = { all: 1000, unreserved: 150 };
        delete account.stacks.FairleadPipeline;
      },
      'deploy/little-concurrency',
    ],
    [
      'there is a pull-through cache of that name',
      () => (account.registry = { caches: ['ecr-public', 'docker.io'] }),
      'deploy/registry-of-others',
    ],
    [
      'there is a template of that name',
      () => (account.registry = { templates: ['fairlead'] }),
      'deploy/registry-of-others',
    ],
    ['the configuration is wrong', () => configure(`{ apps: 'all' }`), 'config/invalid'],
    [
      'the cluster is not there',
      () => configure(`{ apps: 'any', cluster: { existing: { name: 'mine' } } }`),
      'deploy/no-cluster',
    ],
    [
      'the cluster is not reached from outside',
      () => {
        configure(`{ apps: 'any', cluster: { existing: { name: 'mine' } } }`);
        account.cluster = {
          accessConfig: { authenticationMode: 'API' },
          resourcesVpcConfig: { endpointPublicAccess: false },
        };
      },
      'deploy/endpoint-closed',
    ],
    [
      'EKS makes no cluster in a zone that it would be in',
      () => {
        delete account.stacks.FairleadCluster;
        account.ec2 = { zones: { 'eu-west-1a': 'use1-az3', 'eu-west-1b': 'euw1-az1' } };
      },
      'deploy/zone-without-eks',
    ],
    [
      'it is no clone',
      () => writeFileSync(join(root, 'package.json'), '{"name": "shop"}'),
      'deploy/no-clone',
    ],
  ])('refuses where %s', async (_what, arrange, code) => {
    arrange();
    await expect(run()).rejects.toMatchObject({ code });
  });

  test('refuses a cluster that knows no access entries, with the command that changes that', async () => {
    configure(`{ apps: 'any', cluster: { existing: { name: 'mine' } } }`);
    account.cluster = { accessConfig: { authenticationMode: 'CONFIG_MAP' } };
    await expect(run()).rejects.toThrow(/update-cluster-config --name mine/);
  });

  test('refuses a Go that is too old, and names both ways out', async () => {
    writeFileSync(join(root, 'lambdas', 'build-image.Dockerfile'), 'FROM golang:1.99\nRUN go version\n');
    writeFileSync(join(root, 'go'), '#!/bin/sh\necho go1.19.8\necho /goroot\n');
    chmodSync(join(root, 'go'), 0o755);
    const asking = run({ env: { PATH: `${root}:/usr/bin:/bin` } });
    await expect(asking).rejects.toThrow(
      /compiles with Go 1\.99, and Go 1\.19\.8 is at hand.*CDK_DOCKER=docker/,
    );
  });

  test('refuses to guess a region', async () => {
    const asking = run({ ownRegion: async () => undefined });
    await expect(asking).rejects.toMatchObject({ code: 'deploy/no-region' });
  });
});

test('a role whose path is not told is named without one, unless it has one for sure', async () => {
  delete account.rolePath;
  await expect(run()).rejects.toMatchObject({ code: 'deploy/unknown-path' });
  configure(`{ apps: 'any', cluster: { new: { admins: ['arn:aws:iam::${ID}:role/admins'] } } }`);
  expect(await run()).toBe(0);
  expect(readFileSync(join(root, 'arguments'), 'utf8')).not.toContain('installer=');
  account.arn = `arn:aws:sts::${ID}:assumed-role/deployers/ana`;
  await run();
  expect(readFileSync(join(root, 'arguments'), 'utf8')).toContain(
    `installer=arn:aws:iam::${ID}:role/deployers\n`,
  );
});
