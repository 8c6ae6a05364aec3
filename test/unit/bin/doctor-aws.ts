import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What an installation answers, by operation; a test replaces what is to be wrong. */
export type Answers = Record<string, (input: string) => unknown>;

const REGION = 'eu-west-1';
const account = '123456789012';
const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${account}:${rest}`;

/**
 * Resources of the stacks, as far as the doctor asks for them: type, logical id, what the service calls it. That a default
 * installation has these, and calls them so, is held by test/stacks/doctor.test.ts.
 */
export const RESOURCES: Record<string, [string, string, string][]> = {
  FairleadPipeline: [
    ['AWS::DynamoDB::GlobalTable', 'LedgerB7379752', 'ledger-1'],
    ['AWS::DynamoDB::GlobalTable', 'CodeBuildLent6A1FD133', 'lent-1'],
    ['AWS::SQS::Queue', 'DeadLettersBBF8BAAB', 'QUEUE/dead'],
    ['AWS::SecretsManager::Secret', 'WebhookSecretGithub13B1DDEB', arn('secretsmanager', 'secret:webhook')],
    ['AWS::SecretsManager::Secret', 'HostTokenGithub776AAEF1', arn('secretsmanager', 'secret:token')],
    ['AWS::Lambda::Function', 'ReceivePush77C513F3', 'receive-1'],
  ],
  FairleadAlarms: [['AWS::CloudWatch::Alarm', 'FailedDeployments19DFD67D', 'Failed-1']],
};

/** Outputs of the stacks that the doctor reads, held by the same test. */
export function outputsOf(name: string, version = ''): Record<string, string> {
  return {
    ...(name === 'FairleadPipeline' && { WebhookUrl: 'WEBHOOK', Version: version }),
    ...(name === 'FairleadAlarms' && { AlarmTopicArn: arn('sns', 'topic') }),
    ...(name === 'FairleadCluster' && { ClusterName: 'main' }),
  };
}

const xml = (operation: string, result: string) =>
  `<${operation}Response><${operation}Result>${result}</${operation}Result></${operation}Response>`;

export function stackXml(
  name: string,
  more: { status?: string; drift?: string; version?: string } = {},
): string {
  const { status = 'UPDATE_COMPLETE', drift = 'IN_SYNC', version = '0.1.0' } = more;
  const members = Object.entries(outputsOf(name, version))
    .map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    )
    .join('');
  const drifted = `<DriftInformation><StackDriftStatus>${drift}</StackDriftStatus></DriftInformation>`;
  return xml(
    'DescribeStacks',
    `<Stacks><member><StackName>${name}</StackName><StackStatus>${status}</StackStatus>${drifted}<Outputs>${members}</Outputs></member></Stacks>`,
  );
}

/** The answer of EC2's DescribeAddresses or DescribeVpcs where there are so many. */
export function inEc2(what: 'Addresses' | 'Vpcs', count: number): string {
  const set = what === 'Addresses' ? 'addressesSet' : 'vpcSet';
  return `<Describe${what}Response><${set}>${'<item></item>'.repeat(count)}</${set}></Describe${what}Response>`;
}

function resourcesXml(name: string): string {
  const members = (RESOURCES[name] ?? []).map(
    ([type, logical, physical]) =>
      `<member><ResourceType>${type}</ResourceType><LogicalResourceId>${logical}</LogicalResourceId><PhysicalResourceId>${physical}</PhysicalResourceId></member>`,
  );
  return xml('ListStackResources', `<StackResourceSummaries>${members.join('')}</StackResourceSummaries>`);
}

/** As an installation answers that lacks nothing. */
export const HEALTHY: Answers = {
  GetCallerIdentity: () =>
    xml('GetCallerIdentity', `<Account>${account}</Account><Arn>${arn('iam', 'user/ada')}</Arn>`),
  DescribeStacks: (input) => stackXml(new URLSearchParams(input).get('StackName') ?? ''),
  ListStackResources: (input) => resourcesXml(new URLSearchParams(input).get('StackName') ?? ''),
  WEBHOOK: () => 401,
  GetMetricStatistics: (input) => ({
    Datapoints: input.includes('WebhookRefused') ? [] : [{ Sum: 40, Maximum: 3, Timestamp: 0 }],
  }),
  DescribeSecret: () => ({
    CreatedDate: 1_700_000_000,
    LastChangedDate: 1_700_100_000,
    VersionIdsToStages: { a: ['AWSCURRENT'], b: ['AWSPREVIOUS'] },
  }),
  DescribePullThroughCacheRules: () => ({ pullThroughCacheRules: [{ ecrRepositoryPrefix: 'docker.io' }] }),
  DescribeRepositoryCreationTemplates: () => ({
    repositoryCreationTemplates: [
      { prefix: 'fairlead', lifecyclePolicy: '{}', imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION' },
    ],
  }),
  GetRegistryScanningConfiguration: () => ({
    scanningConfiguration: {
      scanType: 'BASIC',
      rules: [
        {
          scanFrequency: 'SCAN_ON_PUSH',
          repositoryFilters: [{ filter: 'fairlead/*', filterType: 'WILDCARD' }],
        },
      ],
    },
  }),
  GetAccountSetting: () => ({ name: 'BLOB_MOUNTING', value: 'ENABLED' }),
  DescribeTable: () => ({ Table: { TableStatus: 'ACTIVE' } }),
  DescribeContinuousBackups: () => ({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' },
    },
  }),
  DescribeTimeToLive: () => ({ TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED' } }),
  DescribeCluster: () => ({
    cluster: { name: 'main', status: 'ACTIVE', version: '1.35', accessConfig: { authenticationMode: 'API' } },
  }),
  DescribeAlarms: () => ({
    MetricAlarms: [{ AlarmName: 'Failed-1', StateValue: 'OK', ActionsEnabled: true }],
    CompositeAlarms: [],
  }),
  ListSubscriptionsByTopic: () =>
    xml(
      'ListSubscriptionsByTopic',
      '<Subscriptions><member><SubscriptionArn>arn:x</SubscriptionArn><Endpoint>ada@example.com</Endpoint></member></Subscriptions>',
    ),
  GetQueueAttributes: () => ({ Attributes: { ApproximateNumberOfMessages: '0' } }),
  GetServiceQuota: () => ({ Quota: { Value: 1000 } }),
  DescribeAddresses: () => inEc2('Addresses', 1),
  DescribeVpcs: () => inEc2('Vpcs', 1),
  Invoke: (input) =>
    input.includes('examine')
      ? { is: 'started', environment: { app: 'all', name: 'all' }, execution: 'arn:aws:lambda:execution' }
      : {
          is: 'ended',
          outcome: 'examined',
          message: 'the functions reach what they need',
          findings: [{ is: 'ok', about: 'git host', says: 'github/acme/shop can be read' }],
        },
};

/** The APIs of AWS that the doctor asks, on one loopback port: told apart by their operations. */
export class DoctorAws {
  answers: Answers = HEALTHY;
  /** Operations that were asked for. */
  readonly asked: string[] = [];
  readonly #server = createServer(async (request, response) => {
    const input = await text(request);
    const operation = operationOf(request, input);
    this.asked.push(operation);
    const answer = this.answers[operation]?.(input);
    if (typeof answer === 'number') return response.writeHead(answer).end();
    if (typeof answer === 'string')
      return response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(answer.replace('WEBHOOK', `${this.url}/webhook`).replace('QUEUE', this.url));
    // The older services write XML; the others are told by a header, or by the path.
    if (answer instanceof Error && request.url === '/' && request.headers['x-amz-target'] === undefined)
      return response
        .writeHead(400, { 'content-type': 'text/xml' })
        .end(
          `<ErrorResponse><Error><Code>${answer.name}</Code><Message>${answer.message}</Message></Error></ErrorResponse>`,
        );
    if (answer instanceof Error)
      return response
        .writeHead(400, { 'x-amzn-errortype': answer.name })
        .end(JSON.stringify({ __type: answer.name, message: answer.message }));
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
  });

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
}

function operationOf({ url = '', headers }: IncomingMessage, input: string): string {
  if (url === '/webhook') return 'WEBHOOK';
  const target = headers['x-amz-target']?.toString();
  if (target !== undefined) return target.split('.').at(-1) ?? '';
  if (url.includes('/invocations')) return 'Invoke';
  if (/^\/clusters\/[^/]+\/access-entries/.test(url)) return 'ListAccessEntries';
  if (/^\/clusters\//.test(url)) return 'DescribeCluster';
  return new URLSearchParams(input).get('Action') ?? url;
}
