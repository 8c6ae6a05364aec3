import type { HostKind } from '../host-kind.ts';
import type { LoadBalancerScheme } from '../load-balancer-scheme.ts';

/** What an installation decides, as the functions need to know it: tokens in a CDK stack, plain strings elsewhere. */
export interface Installation {
  /** Path of the file that says what is deployed (lib/push/installation.ts); from a function's own folder, unless absolute. */
  installationFile: string;
  /** Secrets Manager ids of what the git hosts sign their webhooks with, by kind: one that is not here is not heard. */
  webhookSecretIds: Partial<Record<HostKind, string>>;
  /** Secrets Manager ids of the tokens that read the git hosts' APIs; absent where none is needed. */
  hostTokenSecretIds?: Partial<Record<HostKind, string>>;
  /** The hosts whose secret holds the key of a GitHub App: `{ github: 'app' }`. */
  hostAccess?: Partial<Record<HostKind, 'token' | 'app'>>;
  /** Base URLs of the git hosts' REST APIs: `{ github: 'https://api.github.com' }`. */
  hostApiUrls: Partial<Record<HostKind, string>>;
  ledgerTable: string;
  /** `HOST/PATH`: the images of an app are published to `HOST/PATH/APP`. */
  imageRepositoryPrefix: string;
  /** Registry host (or `*` for every host) to the prefix under which its images are looked for first. */
  registryMirrors: Record<string, string>;
  /** Registry hosts, beside loopback, that speak plain HTTP. */
  insecureRegistries: string[];
  /** Whether builds may connect to the machine that they run on: where the registry is there, too. */
  localAddresses?: 'allowed';
  /** Says that a RUN is not kept apart from this machine's network where the machine cannot do that. */
  runIsolation?: 'required' | 'if-possible';
  clusterName: string;
  /** How apps are reached when their fairlead.yaml does not say. */
  serviceType: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
  /** From where load balancers are reached when it does not say: from everywhere, or from their VPC alone. */
  loadBalancers: LoadBalancerScheme;
  /** Seconds that a release is watched when its fairlead.yaml does not say; not at all when absent. */
  bakeSeconds?: number;
  /** URL of the SQS queue of events that no attempt could handle. */
  deadLettersUrl: string;
  /** Seconds after which a deployment that has not ended counts as stuck; two hours when absent. */
  stuckAfter?: number;
  /** What images are for, where fairlead.yaml does not say: `linux/arm64`. The builder's own when absent. */
  platform?: string;
  /** The MicroVMs that build what no function can; absent where the region has none. */
  microVm?: {
    /** ARN and version of the image that they run. */
    image: string;
    version: string;
    /** Hash of what makes the image, which nobody reads: `version` is known too late to make the CDK publish a new builder. */
    madeOf?: string;
    /** `linux/arm64` */
    platform: string;
    /** Secrets Manager id of what their keys are made from. */
    secretId: string;
  };
  /** Where the builder keeps its caches; the function's own temporary folder when absent. */
  cacheDirectory?: string;
  /** The CodeBuild project that builds are handed over to, where the installation has one. */
  codeBuildProject?: string;
  /**
   * ARN of the role of which builds elsewhere get a session for their app alone, and the table where those in CodeBuild
   * find it; without a role they have the builder's own rights.
   */
  lentRole?: string;
  lentTable?: string;
}

/** The functions that call each other, as `NAME:ALIAS` or ARNs with a version: durable ones need a qualifier. */
export interface Callees {
  deploy: string;
  buildImage: string;
  rollOut: string;
  sweep: string;
  /** Of these the newest code is invoked. */
  receive: string;
  watchAlarm: string;
}

export type FunctionName =
  | 'receive-push'
  | 'deploy'
  | 'build-image'
  | 'roll-out'
  | 'sweep'
  | 'watch-alarm'
  | 'operate';

/** One Lambda function: everything about it that is the same on AWS and on one machine. */
export interface FunctionDefinition {
  name: FunctionName;
  /** What it is called in the account, where people have to know; chosen by CloudFormation when absent. */
  functionName?: string;
  /** TypeScript module, from the root of the repository, that exports `handler`. */
  entry: string;
  /**
   * MB; one virtual CPU comes with each 1,769. 512 where the work is to wait for others: it holds three times what such a
   * function takes after its start (bench/RESULTS.md), and with the share of a processor that comes with less,
   * signatures and answers in JSON would take longer than the waiting. Starting gets a whole processor in any case.
   */
  memory: number;
  /** Seconds that one invocation may take. */
  timeout: number;
  /** Seconds that one durable execution may take, over all its invocations, and days that its history is kept. */
  durable?: { executionTimeout: number; retentionDays: number };
  /** Whether the git host reaches it by a function URL. */
  functionUrl: boolean;
  /** Minutes between two invocations by the clock; absent for what only others invoke. */
  every?: number;
  /** Whether it is told of every CloudWatch alarm of the account that begins to ring. */
  onAlarm?: boolean;
  environment(installation: Installation, callees: Callees): Record<string, string>;
}

/** What the function `operate` is called in the account. */
export const OPERATE = 'fairlead-operate';

const MINUTE = 60;

function hostVariables(installation: Installation): Record<string, string> {
  const { hostApiUrls, hostTokenSecretIds = {}, hostAccess } = installation;
  return {
    HOST_API_URLS: JSON.stringify(hostApiUrls),
    HOST_TOKEN_SECRET_IDS: JSON.stringify(hostTokenSecretIds),
    ...optional('HOST_ACCESS', hostAccess && JSON.stringify(hostAccess)),
  };
}

function optional(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}

/** Every function of the pipeline. lambdas/env.ts reads, by these names, what `environment` sets. */
export const FUNCTIONS: readonly FunctionDefinition[] = [
  {
    // Answers the git host, which waits 10 s and does not try again: little code, little to start. It is given longer,
    // for when AWS is slow: two calls of three attempts, 3 s each. A push is under way then, though the host says that
    // its delivery timed out.
    name: 'receive-push',
    entry: 'lambdas/receive-push.ts',
    memory: 512,
    timeout: 25,
    functionUrl: true,
    environment: ({ installationFile, webhookSecretIds }, { deploy, sweep }) => ({
      DEPLOY_FUNCTION: deploy,
      SWEEP_FUNCTION: sweep,
      WEBHOOK_SECRET_IDS: JSON.stringify(webhookSecretIds),
      INSTALLATION_FILE: installationFile,
    }),
  },
  {
    // Holds the sentence, not the work: it sleeps, at no cost, while the others build and roll out. One step of it may
    // have to wait for a git host that does not answer; cut off before it knows, it would wait anew each time.
    name: 'deploy',
    entry: 'lambdas/deploy.ts',
    memory: 512,
    timeout: 5 * MINUTE,
    // A build may be followed for 85 minutes, and a release watched for hours, step by step.
    durable: { executionTimeout: 12 * 60 * MINUTE, retentionDays: 30 },
    functionUrl: false,
    environment: (installation, { buildImage, rollOut }) => ({
      LEDGER_TABLE: installation.ledgerTable,
      BUILD_FUNCTION: buildImage,
      ROLLOUT_FUNCTION: rollOut,
      IMAGE_REPOSITORY_PREFIX: installation.imageRepositoryPrefix,
      SERVICE_TYPE: installation.serviceType,
      LOAD_BALANCERS: installation.loadBalancers,
      ...optional('BAKE_SECONDS', installation.bakeSeconds?.toString()),
      INSTALLATION_FILE: installation.installationFile,
      ...hostVariables(installation),
    }),
  },
  {
    // Two virtual CPUs and more: a compiler and a compressor run side by side in it.
    name: 'build-image',
    entry: 'lambdas/build-image.ts',
    memory: 5120,
    timeout: 15 * MINUTE,
    functionUrl: false,
    environment: (installation) => ({
      REGISTRY_MIRRORS: JSON.stringify(installation.registryMirrors),
      INSECURE_REGISTRIES: installation.insecureRegistries.join(','),
      ...hostVariables(installation),
      ...optional('LOCAL_ADDRESSES', installation.localAddresses),
      ...optional('PLATFORM', installation.platform),
      ...optional('RUN_ISOLATION', installation.runIsolation),
      ...optional('CACHE_DIR', installation.cacheDirectory),
      ...optional('CODEBUILD_PROJECT', installation.codeBuildProject),
      ...optional('MICROVM_IMAGE', installation.microVm?.image),
      ...optional('MICROVM_IMAGE_VERSION', installation.microVm?.version),
      ...optional('MICROVM_IMAGE_MADE_OF', installation.microVm?.madeOf),
      ...optional('MICROVM_PLATFORM', installation.microVm?.platform),
      ...optional('MICROVM_SECRET_ID', installation.microVm?.secretId),
      ...optional('LENT_ROLE', installation.lentRole),
      ...optional('LENT_TABLE', installation.lentTable),
    }),
  },
  {
    // Applies and watches; a rollout that outlasts one watch is observed again by the next invocation.
    name: 'roll-out',
    entry: 'lambdas/roll-out.ts',
    memory: 512,
    timeout: 2 * MINUTE,
    functionUrl: false,
    environment: ({ clusterName, ledgerTable }) => ({ CLUSTER_NAME: clusterName, LEDGER_TABLE: ledgerTable }),
  },
  {
    // Asks the git host about every environment: two or three requests a repository, and then starts what is missing.
    name: 'sweep',
    entry: 'lambdas/sweep.ts',
    memory: 512,
    timeout: 3 * MINUTE,
    functionUrl: false,
    every: 5,
    environment: (installation, { deploy }) => ({
      DEPLOY_FUNCTION: deploy,
      LEDGER_TABLE: installation.ledgerTable,
      ...optional('STUCK_AFTER', installation.stuckAfter?.toString()),
      INSTALLATION_FILE: installation.installationFile,
      ...hostVariables(installation),
    }),
  },
  {
    // Hears of every alarm of the account that rings; most of them are nothing to it.
    name: 'watch-alarm',
    entry: 'lambdas/watch-alarm.ts',
    memory: 512,
    timeout: MINUTE,
    functionUrl: false,
    onAlarm: true,
    environment: ({ ledgerTable }, { deploy }) => ({ DEPLOY_FUNCTION: deploy, LEDGER_TABLE: ledgerTable }),
  },
  {
    // What the command line asks. People are given the right to invoke it by its name, which so is a fixed one.
    name: 'operate',
    functionName: OPERATE,
    entry: 'lambdas/operate.ts',
    memory: 512,
    timeout: MINUTE,
    functionUrl: false,
    environment: (installation, { deploy, receive, sweep, watchAlarm }) => ({
      DEPLOY_FUNCTION: deploy,
      SWEEP_FUNCTION: sweep,
      WATCH_ALARM_FUNCTION: watchAlarm,
      RECEIVE_FUNCTION: receive,
      DEAD_LETTERS_URL: installation.deadLettersUrl,
      LEDGER_TABLE: installation.ledgerTable,
      INSTALLATION_FILE: installation.installationFile,
      WEBHOOK_SECRET_IDS: JSON.stringify(installation.webhookSecretIds),
      ...hostVariables(installation),
    }),
  },
];
