import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { EKSClient } from '@aws-sdk/client-eks';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { STSClient } from '@aws-sdk/client-sts';
import type { Aws } from '../../../bin/commands/deploy/aws.ts';
import { type Ec2Account, ec2Answer } from './fake-ec2.ts';

/** What an account is like, as far as deploying asks. */
export interface Account {
  arn: string;
  /** The path that IAM knows the caller's role by; it does not say where absent. */
  rolePath?: string;
  /** Outputs of its stacks. */
  stacks: Record<string, Record<string, string>>;
  scanning?: { scanType: string; rules: object[] };
  mounting?: 'ENABLED' | 'DISABLED' | 'not yours to set';
  /** Prefixes of what its registry has. */
  registry?: { caches?: string[]; templates?: string[] };
  /** Log groups, and for how many days each is kept. */
  logs?: Record<string, number | undefined>;
  cluster?: { accessConfig: { authenticationMode: string }; resourcesVpcConfig?: object };
  ec2?: Ec2Account;
  /** Concurrent executions of functions: in all, and not set apart for any; 1,000 when absent. */
  concurrency?: { all: number; unreserved: number };
}

export const ID = '123456789012';

/** AWS on loopback, with `account` as it is at the time of each request. */
export async function startAws(account: Account) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const target = String(request.headers['x-amz-target'] ?? '').split('.')[1];
    const form = new URLSearchParams(body);
    const [status, answered] =
      target !== undefined
        ? json(target, body)
        : request.method === 'GET'
          ? request.url?.includes('account-settings')
            ? accountSettings()
            : eks()
          : (ec2Answer(form.get('Action') ?? '', account.ec2) ??
            query(form.get('Action') ?? '', form.get('StackName') ?? '', form.get('RoleName') ?? ''));
    const filtered = [...form].flatMap(([name, value]) => (/\.Value\.\d+$/.test(name) ? [value] : []));
    const action = form.get('Action');
    asked.push(target ?? (action ? [action, ...filtered].join(' ') : `${request.method} ${request.url}`));
    response.writeHead(status, { 'content-type': 'application/json' }).end(answered);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function json(operation: string, body: string): [number, string] {
    const { caches = [], templates = [] } = account.registry ?? {};
    if (operation === 'DescribePullThroughCacheRules')
      return [
        200,
        JSON.stringify({
          pullThroughCacheRules: caches.map((ecrRepositoryPrefix) => ({ ecrRepositoryPrefix })),
        }),
      ];
    if (operation === 'DescribeRepositoryCreationTemplates')
      return [200, JSON.stringify({ repositoryCreationTemplates: templates.map((prefix) => ({ prefix })) })];
    if (operation === 'DescribeLogGroups') {
      const all = Object.entries(account.logs ?? {});
      const logGroups = all.map(([logGroupName, retentionInDays]) => ({ logGroupName, retentionInDays }));
      return [200, JSON.stringify({ logGroups })];
    }
    if (operation === 'PutRetentionPolicy') {
      const { logGroupName, retentionInDays } = JSON.parse(body);
      account.logs = { ...account.logs, [logGroupName]: retentionInDays };
      return [200, '{}'];
    }
    if (operation === 'GetRegistryScanningConfiguration')
      return [
        200,
        JSON.stringify({ scanningConfiguration: account.scanning ?? { scanType: 'BASIC', rules: [] } }),
      ];
    if (account.mounting === 'not yours to set')
      return [400, JSON.stringify({ __type: 'AccessDeniedException', message: 'you may not' })];
    if (operation === 'PutAccountSetting') account.mounting = 'ENABLED';
    return [200, JSON.stringify({ name: 'BLOB_MOUNTING', value: account.mounting ?? 'DISABLED' })];
  }

  function accountSettings(): [number, string] {
    const { all, unreserved } = account.concurrency ?? { all: 1000, unreserved: 1000 };
    const AccountLimit = { ConcurrentExecutions: all, UnreservedConcurrentExecutions: unreserved };
    return [200, JSON.stringify({ AccountLimit })];
  }

  function eks(): [number, string] {
    if (account.cluster !== undefined) return [200, JSON.stringify({ cluster: account.cluster })];
    return [404, JSON.stringify({ __type: 'ResourceNotFoundException', message: 'No cluster found' })];
  }

  function query(action: string, stack: string, role: string): [number, string] {
    if (action === 'GetCallerIdentity')
      return [200, answer(action, `<Arn>${account.arn}</Arn><Account>${ID}</Account>`)];
    if (action === 'GetRole' && account.rolePath !== undefined)
      return [
        200,
        answer(action, `<Role><Arn>arn:aws:iam::${ID}:role${account.rolePath}${role}</Arn></Role>`),
      ];
    if (action === 'GetRole') return [403, failure('AccessDenied', 'you may not')];
    const outputs = account.stacks[stack];
    if (outputs === undefined)
      return [400, failure('ValidationError', `Stack with id ${stack} does not exist`)];
    const members = Object.entries(outputs).map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    );
    return [200, answer(action, `<Stacks><member><Outputs>${members.join('')}</Outputs></member></Stacks>`)];
  }

  const common = { endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 's' }, maxAttempts: 1 };
  const awsIn = (region: string): Aws => ({
    region,
    cloudFormation: new CloudFormationClient({ ...common, region }),
    ec2: new EC2Client({ ...common, region }),
    ecr: new ECRClient({ ...common, region }),
    eks: new EKSClient({ ...common, region }),
    iam: new IAMClient({ ...common, region }),
    lambda: new LambdaClient({ ...common, region }),
    logs: new CloudWatchLogsClient({ ...common, region }),
    sts: new STSClient({ ...common, region }),
  });
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { awsIn, asked, close };
}

function answer(action: string, result: string): string {
  return `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`;
}

function failure(code: string, message: string): string {
  return `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
}
