import type { Repositories } from '../codecommit/repositories.ts';
import { codeCommit } from '../codecommit/service.ts';
import type { MicroVms } from '../microvm/start.ts';
import { Admission, type Principal } from './admission.ts';
import { frontDoor } from './front-door.ts';
import { listen } from './loopback.ts';
import type { Allowing } from './permits.ts';
import { RegistryPasswords, registryDoor } from './registry-door.ts';
import { CloudWatch } from './services/cloudwatch.ts';
import { Builds, type CodeBuildOptions } from './services/codebuild.ts';
import { LogStreams } from './services/codebuild-logs.ts';
import { dynamoDb, type Table } from './services/dynamodb.ts';
import { Throttle } from './services/dynamodb-throttle.ts';
import { ecr, type RegistryAddress } from './services/ecr.ts';
import { type ClusterAddress, eks } from './services/eks.ts';
import { lambdaMicrovms, type MicroVmImage } from './services/lambda-microvms.ts';
import { secretsManager } from './services/secrets-manager.ts';
import { Topics } from './services/sns.ts';
import { Queues } from './services/sqs.ts';
import { sts } from './services/sts.ts';

export interface AwsOptions {
  region: string;
  /** Twelve digits. */
  account: string;
  principals: readonly Principal[];
  registry: RegistryAddress;
  /** Asked on every DescribeCluster, since clusters come up late. */
  cluster: () => ClusterAddress | undefined;
  /** Values by name. */
  secrets?: Readonly<Record<string, string>>;
  tables?: readonly Table[];
  /** The MicroVMs there are, and what they are run from. */
  microVms?: { vms: MicroVms; image: MicroVmImage };
  /** What CodeCommit holds; without it there is no such service. */
  codeCommit?: Repositories;
  /** Names of CloudWatch alarms without a metric: they are set by hand. */
  alarms?: readonly string[];
  /** The clock of CloudWatch, ms since 1970. */
  now?: () => number;
  /** Names of SQS queues. */
  queues?: readonly string[];
  /** What CodeBuild has; without it there is no project. */
  codeBuild?: Omit<CodeBuildOptions, 'secret'>;
  /** What sessions of a role may do in the registry, by the role's ARN. */
  roles?: Readonly<Record<string, readonly Allowing[]>>;
  /** Default: the system chooses. */
  port?: number;
}

/**
 * The AWS endpoints of the local cloud on one loopback port: ECR, Secrets Manager, STS, EKS, SNS, SQS, CloudWatch
 * and its logs, CodeBuild and DynamoDB, told apart by the service in the credential scope. All state is in memory and gone with the process.
 */
export async function startAws(options: AwsOptions) {
  const { region, account } = options;
  const place = { region, account };
  const admission = new Admission(options.principals);
  const passwords = new RegistryPasswords();
  const cloudWatch = new CloudWatch(place, options.alarms ?? [], options.now);
  const queues = new Queues(place, options.queues ?? [], () => listener.url, cloudWatch.meter);
  const topics = new Topics((arn, body) => queues.deliver(arn, { body, attributes: {} }));
  const throttle = new Throttle(cloudWatch.meter);
  const dynamodb = await dynamoDb(place, options.tables ?? [], admission, throttle);
  const secrets = options.secrets ?? {};
  const logs = new LogStreams(place);
  const codeBuild = {
    projects: {},
    machine: {},
    ...options.codeBuild,
    secret: (name: string) => (Object.hasOwn(secrets, name) ? secrets[name] : undefined),
  };
  const builds = new Builds(place, logs, codeBuild, admission);
  const services = {
    ecr: ecr(place, options.registry, passwords),
    secretsmanager: secretsManager(place, secrets),
    sts: sts(place, admission),
    eks: eks(place, options.cluster),
    sns: topics.service,
    sqs: queues.service,
    monitoring: cloudWatch.service,
    tagging: cloudWatch.tagging,
    logs: logs.service,
    codebuild: builds.service,
    ...(options.codeCommit && { codecommit: codeCommit(place, options.codeCommit) }),
    dynamodb,
    // Lambda's own API has another address: what is signed for it here is for MicroVMs.
    ...(options.microVms && { lambda: lambdaMicrovms(options.microVms.vms, options.microVms.image) }),
  };
  const listener = await listen(frontDoor(admission, services), options.port);
  return {
    endpoint: listener.url,
    dynamodbEndpoint: listener.url,
    /** For the other servers of the local cloud that take signed requests. */
    admission,
    calls: admission.calls,
    /** Who may do what in the registry that stands behind ECR. */
    registryDoor: registryDoor({ ...place, admission, passwords, roles: options.roles ?? {} }),
    topics,
    queues,
    throttle,
    cloudWatch,
    close: async () => {
      cloudWatch.close();
      queues.close();
      await listener.close();
      await builds.close();
      await dynamodb.close();
    },
  };
}
