import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { Admission, type AwsCall } from './aws/admission.ts';
import type { Allowing } from './aws/permits.ts';
import { startAws } from './aws/start.ts';
import { buildMachine, PROJECT } from './build-machine.ts';
import { closeAll } from './close-all.ts';
import { type Cluster, type DeployerRights, startCluster } from './cluster.ts';
import type { ReferenceEvent } from './codecommit/events.ts';
import { Repositories } from './codecommit/repositories.ts';
import { startCodeCommitGit } from './codecommit/start.ts';
import { startGitHosts } from './git-hosts.ts';
import { endpoints, type Person, personOf, principalOf } from './identities.ts';
import { startLambda } from './lambda/start.ts';
import type { FunctionSpec } from './lambda/types.ts';
import { canMakeNetworks } from './microvm/isolation.ts';
import { startMicroVms } from './microvm/start.ts';
import { bury, monitor } from './monitoring.ts';
import { type Authorize, allowAll } from './registry/authorize.ts';
import { startRegistry } from './registry/server.ts';
import type { Settings } from './settings.ts';
import { LEDGER, LENT } from './tables.ts';

export interface CloudOptions {
  /** An empty folder for all that goes with this cloud. Unix sockets are made in it: its path is short. */
  stateDir: string;
  /** A folder for what the next cloud can use too: caches of builds, the compiled pod runtime. */
  cacheDir: string;
  /** The Node that functions run on. */
  node: string;
  /** The go program. */
  go: string;
  functions(settings: Settings): FunctionSpec[];
  /** What runs in MicroVMs: the server as esbuild wrote it, and its environment. */
  microVm: { entry: string; environment: Readonly<Record<string, string>> };
  /** What a build elsewhere may do in the registry, given how the ARN of a repository is written. */
  lent: (repository: (name: string) => string) => readonly Allowing[];
  /** Builds can be handed over to CodeBuild, and have this around them: PATH, DOCKER_HOST. */
  codeBuild?: { buildspec: string; machine: Record<string, string> };
  /** Told of every AWS call that is let in. */
  onCall?: (call: AwsCall) => void;
  /** What the function that rolls out may do in the cluster. */
  deployerRights: DeployerRights;
  /** A kubeconfig: rolls out to that cluster instead of the stand-in. */
  kubeconfig?: string;
  /** `HOST:PORT` of a registry over plain HTTP to publish to, instead of one of its own. */
  registry?: string;
  gitPort?: number;
  registryPort?: number;
  /** The clock of CloudWatch, ms since 1970: a test can move it. */
  now?: () => number;
  /** What is waited before an event that failed is tried again; as on AWS when absent. */
  retryDelaysMs?: readonly number[];
}

/** A cloud that is up. */
export interface Cloud {
  /** `http://…`: a repository is `<git>/<app>.git`. */
  git: string;
  /** The same, and other kinds of git hosts, by their kind. */
  hosts: Readonly<Record<string, string>>;
  registry: string;
  /** Path of a kubeconfig with every right. */
  kubeconfig: string;
  /** URL of the function that receives webhooks. */
  webhook: string;
  /** How people call its AWS endpoints. */
  person: Person;
  /** Emits `record` with each log record of the functions. */
  records: EventEmitter;
  /** Brings every alarm to the state that it has now, which else happens every few seconds. */
  evaluateAlarms(): void;
  /** A fault: the ledger's table refuses every request. */
  throttleLedger(isThrottled: boolean): void;
  close(): Promise<void>;
}

const REGION = 'us-east-1';
const ACCOUNT = '000000000000';
const CLUSTER = 'fairlead';
const VM_SECRET = 'fairlead/microvm';
const VM_IMAGE = { arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:microvm-image:fairlead`, version: '1.0' };
const LENT_ROLE = `arn:aws:iam::${ACCOUNT}:role/fairlead-lent`;
const repositoryArn = (name: string) => `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/${name}`;
/** Long enough for somebody who tries one change after another, short enough to give the memory back. */
const IDLE_MS = 60_000;
/** The queue of events that no attempt could handle. */
const DEAD_LETTERS = 'fairlead-dead-letters';
/** The function that speaks to the cluster, and so the one identity that the cluster lets in. */
const DEPLOYER = 'roll-out';

const random = () => randomBytes(32).toString('hex');

/** Starts every server of the local cloud and ties them together; what has started is ended when another fails. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const opened: (() => Promise<void>)[] = [];
  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.unshift(() => part.close());
    return part;
  };
  const close = () => closeAll(opened.splice(0));
  try {
    return { ...(await assemble(options, keep)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Keep = <T extends { close(): Promise<void> }>(part: T) => T;

async function assemble(options: CloudOptions, keep: Keep): Promise<Omit<Cloud, 'close'>> {
  const { stateDir } = options;
  const records = new EventEmitter();
  let webhookUrl = '';
  let lambdaEndpoint = '';
  let cluster: Cluster | undefined;
  let door: Authorize = allowAll;
  let admission: Admission | undefined;
  let receive: (event: ReferenceEvent) => void = () => undefined;

  const own = options.registry
    ? undefined
    : keep(
        await startRegistry({
          stateDir: join(stateDir, 'registry'),
          port: options.registryPort,
          authorize: (...request) => door(...request),
        }),
      );
  const registryHost = options.registry ?? own?.host ?? '';
  const git = keep(
    await startGitHosts({ stateDir, port: options.gitPort, webhook: () => webhookUrl, records, random }),
  );
  const repositories = new Repositories(join(stateDir, 'codecommit'));
  const codeCommit = keep(
    await startCodeCommitGit({
      ...{ place: { region: REGION, account: ACCOUNT }, repositories },
      admission: () => admission ?? new Admission([]),
      onEvent: (event) => receive(event),
    }),
  );
  const deadLetters = `arn:aws:sqs:${REGION}:${ACCOUNT}:${DEAD_LETTERS}`;
  const defined = options.functions({
    webhookSecretIds: git.webhookSecretIds,
    hostTokenSecretIds: git.tokenSecretIds,
    hostApiUrls: { ...git.apiUrls, codecommit: codeCommit.url },
    ledgerTable: LEDGER.TableName,
    imageRepositoryPrefix: `${registryHost}/fairlead`,
    registryMirrors: { '*': registryHost },
    insecureRegistries: [registryHost],
    localAddresses: 'allowed',
    runIsolation: (await canMakeNetworks()) ? 'required' : 'if-possible',
    clusterName: CLUSTER,
    serviceType: 'NodePort',
    loadBalancers: 'internet-facing',
    cacheDirectory: join(options.cacheDir, 'build'),
    microVm: {
      image: VM_IMAGE.arn,
      version: VM_IMAGE.version,
      platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
      secretId: VM_SECRET,
    },
    lentRole: LENT_ROLE,
    ...(options.codeBuild && { codeBuildProject: PROJECT, lentTable: LENT.TableName }),
    deadLettersUrl: `http://localhost/${ACCOUNT}/${DEAD_LETTERS}`,
  });
  const functions = defined.map((spec) => ({ ...spec, deadLetters }));
  const vms = keep(
    await startMicroVms({ ...options.microVm, folder: join(stateDir, 'vm'), node: options.node }),
  );
  const principals = new Map(functions.map(({ name }) => [name, principalOf(ACCOUNT, name)]));
  const person = principalOf(ACCOUNT, 'person');
  const machine = options.codeBuild && buildMachine(ACCOUNT, options.codeBuild);
  const aws = keep(
    await startAws({
      region: REGION,
      account: ACCOUNT,
      principals: [...principals.values(), person, ...(machine ? [machine.role] : [])],
      registry: { host: registryHost, url: `http://${registryHost}` },
      cluster: () => cluster && { name: CLUSTER, endpoint: cluster.endpoint, ca: cluster.ca },
      secrets: { ...git.secrets, [VM_SECRET]: random() },
      microVms: { vms, image: VM_IMAGE },
      tables: [LEDGER, LENT],
      queues: [DEAD_LETTERS],
      codeCommit: repositories,
      ...(options.now && { now: options.now }),
      roles: { [LENT_ROLE]: options.lent(repositoryArn) },
      ...(machine && { codeBuild: machine.options }),
    }),
  );
  door = aws.registryDoor;
  admission = aws.admission;
  machine?.reach(aws.endpoint);
  if (options.onCall) aws.calls.on('call', options.onCall);
  cluster = keep(
    await startCluster({
      stateDir,
      cacheDir: options.cacheDir,
      go: options.go,
      registryHost,
      kubeconfig: options.kubeconfig,
      clusterName: CLUSTER,
      deployer: principals.get(DEPLOYER),
      rights: options.deployerRights,
    }),
  );
  const lambda = keep(
    await startLambda({
      stateDir: join(stateDir, 'lambda'),
      functions,
      node: options.node,
      region: REGION,
      account: ACCOUNT,
      admission: aws.admission,
      endpoints: () => endpoints(aws, lambdaEndpoint),
      credentialsFor: (name) => principals.get(name) ?? principalOf(ACCOUNT, name),
      idleMs: IDLE_MS,
      bury: (letter) => bury(aws, letter, principals.get(letter.function)),
      meter: aws.cloudWatch.meter,
      ...(options.retryDelaysMs && { retryDelaysMs: options.retryDelaysMs }),
    }),
  );
  lambda.records.on('record', (entry) => records.emit('record', entry));
  lambdaEndpoint = lambda.endpoint;
  monitor(aws, { region: REGION, account: ACCOUNT }, functions, lambda);
  webhookUrl = lambda.functionUrl('receive-push');
  receive = (event) => lambda.deliver('receive-push', event);
  return {
    git: git.urls.github,
    hosts: { ...git.urls, codecommit: codeCommit.url },
    registry: own?.url ?? `http://${registryHost}`,
    kubeconfig: cluster.kubeconfig,
    webhook: webhookUrl,
    person: personOf(person, REGION, endpoints(aws, lambdaEndpoint)),
    records,
    evaluateAlarms: () => {
      aws.queues.measure();
      aws.cloudWatch.alarms.evaluate();
    },
    throttleLedger: (isThrottled) => aws.throttle.set(LEDGER.TableName, isThrottled),
  };
}
