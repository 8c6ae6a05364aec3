import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Answers, HEALTHY, stackXml } from './doctor-aws.ts';
import { doctorScene, wrong } from './doctor-scene.ts';

const scene = doctorScene();
const { aws, look } = scene;

describe('an installation that lacks nothing', () => {
  test('is ok, with everything asked for and nothing written', async () => {
    const findings = await look();
    expect(wrong(findings)).toEqual([]);
    expect(findings.filter(({ is }) => is === 'ok').map(({ about }) => about)).toEqual(
      expect.arrayContaining([
        'credentials',
        'FairleadPipeline',
        'webhook',
        'HostTokenGithub',
        'ledger',
        'cluster',
        'git host',
      ]),
    );
    const reads = /^(Get|List|Describe|Invoke$|WEBHOOK$)/;
    expect(aws.asked.filter((operation) => !reads.test(operation))).toEqual([]);
    // Reading a secret's value is nothing that a doctor does.
    expect(aws.asked).not.toContain('GetSecretValue');
  });
});

/** What is wrong, where it shows, and the beginning of what is to be done. */
const DISEASES: [string, Answers, string, RegExp][] = [
  [
    'a stack is not there',
    { DescribeStacks: () => new Error('Stack with id x does not exist') },
    'FairleadRegistry',
    /fairlead deploy/,
  ],
  [
    'an update failed',
    {
      DescribeStacks: (input) =>
        stackXml(/StackName=(\w+)/.exec(input)?.[1] ?? '', { status: 'UPDATE_ROLLBACK_FAILED' }),
    },
    'FairleadPipeline',
    /describe-stack-events.*cdk rollback 'FairleadPipeline\*'/,
  ],
  [
    'somebody changed it by hand',
    { DescribeStacks: (input) => stackXml(/StackName=(\w+)/.exec(input)?.[1] ?? '', { drift: 'DRIFTED' }) },
    'FairleadPipeline',
    /deploy --revert-drift/,
  ],
  [
    'another version is installed',
    { DescribeStacks: (input) => stackXml(/StackName=(\w+)/.exec(input)?.[1] ?? '', { version: '0.0.1' }) },
    'FairleadPipeline',
    /upgrade/,
  ],
  ['the webhook lets anybody in', { WEBHOOK: () => 200 }, 'webhook', /log/],
  ['the function URL has no policy', { WEBHOOK: () => 403 }, 'webhook', /deploy --revert-drift/],
  ['nothing is delivered', { GetMetricStatistics: () => ({ Datapoints: [] }) }, 'deliveries', /webhook/],
  [
    'all of it is refused',
    { GetMetricStatistics: () => ({ Datapoints: [{ Sum: 9 }] }) },
    'deliveries',
    /secret/,
  ],
  [
    'nobody put a token in',
    {
      DescribeSecret: () => ({
        CreatedDate: 1,
        LastChangedDate: 1,
        VersionIdsToStages: { a: ['AWSCURRENT'] },
      }),
    },
    'HostTokenGithub',
    // Never in the arguments of a command, which others see and shells remember.
    /put-secret-value .* --secret-string file:/,
  ],
  [
    'a secret is going',
    { DescribeSecret: () => ({ DeletedDate: 1 }) },
    'WebhookSecretGithub',
    /restore-secret/,
  ],
  ['no pull-through cache', { DescribePullThroughCacheRules: () => ({}) }, 'pull-through cache', /deploy/],
  ['no template', { DescribeRepositoryCreationTemplates: () => ({}) }, 'repositories', /deploy/],
  [
    'tags that may move',
    {
      DescribeRepositoryCreationTemplates: () => ({
        repositoryCreationTemplates: [
          { prefix: 'fairlead', lifecyclePolicy: '{}', imageTagMutability: 'MUTABLE' },
        ],
      }),
    },
    'repositories',
    /deploy/,
  ],
  ['no scanning', { GetRegistryScanningConfiguration: () => ({}) }, 'scanning', /as-is/],
  [
    'no mounting',
    { GetAccountSetting: () => ({ value: 'DISABLED' }) },
    'blob mounting',
    /put-account-setting/,
  ],
  [
    'the table is gone',
    { DescribeTable: () => Object.assign(new Error('gone'), { name: 'ResourceNotFoundException' }) },
    'ledger',
    /disaster-recovery/,
  ],
  ['no point in time', { DescribeContinuousBackups: () => ({}) }, 'ledger', /update-continuous-backups/],
  ['items never expire', { DescribeTimeToLive: () => ({}) }, 'ledger', /update-time-to-live/],
  [
    'the cluster is gone',
    { DescribeCluster: () => Object.assign(new Error('gone'), { name: 'ResourceNotFoundException' }) },
    'cluster',
    /disaster-recovery/,
  ],
  [
    'a cluster without access entries',
    {
      DescribeCluster: () => ({
        cluster: { status: 'ACTIVE', accessConfig: { authenticationMode: 'CONFIG_MAP' } },
      }),
    },
    'cluster',
    /update-cluster-config/,
  ],
  [
    'an alarm rings',
    {
      DescribeAlarms: () => ({
        MetricAlarms: [
          {
            AlarmName: 'Failed-1',
            StateValue: 'ALARM',
            AlarmActions: ['arn:topic'],
            AlarmDescription: 'see the log',
          },
        ],
      }),
    },
    'alarms',
    /see the log/,
  ],
  [
    'an alarm is muted',
    {
      DescribeAlarms: () => ({
        MetricAlarms: [{ AlarmName: 'Failed-1', StateValue: 'OK', ActionsEnabled: false }],
      }),
    },
    'alarms',
    /enable-alarm-actions/,
  ],
  ['an alarm was taken away', { DescribeAlarms: () => ({}) }, 'alarms', /deploy/],
  [
    'an address was not confirmed',
    {
      ListSubscriptionsByTopic: () =>
        '<R><ListSubscriptionsByTopicResult><Subscriptions><member><SubscriptionArn>PendingConfirmation</SubscriptionArn><Endpoint>ada@example.com</Endpoint></member></Subscriptions></ListSubscriptionsByTopicResult></R>',
    },
    'notifications',
    /link.*sns subscribe --topic-arn arn:aws:sns:\S+ --protocol email --notification-endpoint ada@example\.com$/,
  ],
  [
    'dead letters wait',
    { GetQueueAttributes: () => ({ Attributes: { ApproximateNumberOfMessages: '3' } }) },
    'dead letters',
    /dead-letters/,
  ],
  [
    'the account is new',
    { GetServiceQuota: () => ({ Quota: { Value: 10 } }) },
    'quotas',
    /request-service-quota-increase/,
  ],
  [
    'too little is left beside what the functions set apart',
    { GetServiceQuota: () => ({ Quota: { Value: 120 } }) },
    'quotas',
    /--quota-code L-B99A9384 --desired-value 240/,
  ],
  [
    'a quota is nearly used up',
    {
      GetServiceQuota: () => ({
        Quota: { Value: 1000, UsageMetric: { MetricNamespace: 'AWS/Usage', MetricName: 'Used' } },
      }),
      GetMetricStatistics: (input) => ({
        Datapoints: [{ Sum: input.includes('Refused') ? 0 : 5, Maximum: 900 }],
      }),
    },
    'quotas',
    /increase/,
  ],
];

describe('an installation that lacks something', () => {
  test.each(DISEASES)('%s: is told, with what to do', async (_, answers, about, remedy) => {
    const findings = wrong(await look(answers));
    expect(findings.map((one) => one.about)).toContain(about);
    expect(findings.find((one) => one.about === about)?.remedy).toMatch(remedy);
  });

  test('what the functions find is told with the rest', async () => {
    const bad = {
      is: 'not-ok',
      about: 'git host',
      says: 'github/acme/shop: Bad credentials',
      remedy: 'docs/triggers.md',
    };
    const Invoke = (input: string) =>
      input.includes('examine')
        ? { is: 'started', environment: {}, execution: 'arn:x' }
        : { is: 'ended', outcome: 'examined', message: '', findings: [bad] };
    expect(wrong(await look({ Invoke }))).toEqual([bad]);
  });

  test('a configuration that is wrong is told with its field', async () => {
    const file = join(scene.folder, 'fairlead.config.ts');
    await writeFile(file, 'export default { apps: 7 };\n');
    const findings = wrong(await look());
    await rm(file);
    expect(findings[0]).toMatchObject({ about: 'configuration', says: expect.stringContaining('apps') });
  });

  test('what the doctor itself was refused before is no finding, nor what is no webhook', async () => {
    const asked: string[] = [];
    const GetMetricStatistics = (input: string) => {
      asked.push(input);
      return {
        Datapoints: [{ Sum: /signature/.test(input) || !/Refused/.test(input) ? 2 : 90, Maximum: 1 }],
      };
    };
    expect(wrong(await look({ GetMetricStatistics }))).toEqual([]);
    expect(asked.filter((input) => /WebhookRefused/.test(input))).toHaveLength(1);
  });

  test('a webhook that was never set up stays one, however often the doctor and strangers knock', async () => {
    let knocks = 0;
    const WEBHOOK = () => {
      knocks += 1;
      return 401;
    };
    // As CloudWatch counts: every request made the function run, and was refused; none was signed.
    const GetMetricStatistics = (input: string) => ({
      Datapoints: /"WebhookHeard"/.test(input) ? [] : [{ Sum: knocks, Maximum: 1 }],
    });
    for (const _ of ['first', 'second', 'third'])
      expect(wrong(await look({ WEBHOOK, GetMetricStatistics }))).toMatchObject([
        { about: 'deliveries', says: 'none came in 14 days' },
      ]);
    expect(knocks).toBe(3);
  });

  test('a small account is enough where nothing is set apart of it', async () => {
    // A module is loaded once: of another folder it is another one.
    const other = await mkdtemp(join(scene.folder, 'shared-'));
    const file = join(other, 'fairlead.config.ts');
    await writeFile(file, "export default { apps: 'any', concurrency: 'shared' };\n");
    const small = {
      GetServiceQuota: (input: string) => ({ Quota: { Value: /B99A/.test(input) ? 10 : 1000 } }),
    };
    const findings = wrong(await look(small, other));
    expect(findings).toEqual([]);
  });

  describe('the stack of a cluster, where the configuration names an existing one', () => {
    const existing = async (name: string) => {
      const other = await mkdtemp(join(scene.folder, 'existing-'));
      const text = `export default { apps: 'any', cluster: { existing: { name: '${name}' } } };\n`;
      await writeFile(join(other, 'fairlead.config.ts'), text);
      return other;
    };

    test('is left over, and costs', async () => {
      expect(wrong(await look({}, await existing('apps')))).toMatchObject([
        { about: 'FairleadCluster', remedy: expect.stringContaining('delete-stack') },
      ]);
    });

    test('is none to be taken away, where it has that very cluster', async () => {
      expect(wrong(await look({}, await existing('main')))).toEqual([]);
    });

    test('is not missed', async () => {
      const DescribeStacks = (input: string) =>
        input.includes('FairleadCluster')
          ? new Error('Stack with id FairleadCluster does not exist')
          : HEALTHY.DescribeStacks?.(input);
      const findings = await look({ DescribeStacks }, await existing('apps'));
      expect(findings.map(({ about }) => about)).not.toContain('FairleadCluster');
      expect(wrong(findings)).toEqual([]);
    });
  });

  test('an address whose subscription AWS has given up is told how to get another mail', async () => {
    const other = await mkdtemp(join(scene.folder, 'lapsed-'));
    const text = "export default { apps: 'any', notifications: { email: ['bob@example.com'] } };\n";
    await writeFile(join(other, 'fairlead.config.ts'), text);
    expect(wrong(await look({}, other))).toMatchObject([
      { about: 'notifications', remedy: expect.stringContaining('--notification-endpoint bob@example.com') },
    ]);
  });

  test('in another region than the installation’s nothing else is asked', async () => {
    const other = await mkdtemp(join(scene.folder, 'elsewhere-'));
    const file = join(other, 'fairlead.config.ts');
    await writeFile(file, "export default { apps: 'any', regions: ['eu-central-1'] };\n");
    const findings = await look({}, other);
    expect(wrong(findings)).toMatchObject([
      { about: 'credentials', remedy: 'export AWS_REGION=eu-central-1' },
    ]);
    expect(aws.asked).toEqual(['GetCallerIdentity']);
  });

  test('without credentials nothing else is asked', async () => {
    const denied = Object.assign(new Error('The security token is invalid'), {
      name: 'InvalidClientTokenId',
    });
    const findings = await look({ GetCallerIdentity: () => denied });
    expect(wrong(findings)).toMatchObject([
      { about: 'credentials', remedy: expect.stringContaining('sso login') },
    ]);
    expect(aws.asked).toEqual(['GetCallerIdentity']);
  });

  test('what may not be looked at is unknown, not wrong, and names the right', async () => {
    const denied = () => Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    const findings = await look({ DescribeTable: denied });
    expect(findings.find(({ about }) => about === 'ledger')).toMatchObject({
      is: 'unknown',
      remedy: expect.stringContaining('dynamodb:DescribeTable'),
    });
  });
});
