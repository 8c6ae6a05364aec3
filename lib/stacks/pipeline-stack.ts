import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledgeBuilder } from './acknowledgements.ts';
import { grantAppSecrets } from './app-secrets.ts';
import type { ExistingCluster } from './cluster-settings.ts';
import { admitDeployer, existingCluster, type ReachableCluster } from './cluster-stack.ts';
import { CodeBuildEngine } from './codebuild-engine.ts';
import { grantCodeCommit, invokeOnPush } from './codecommit-trigger.ts';
import { type Callees, FUNCTIONS, type FunctionName, type Installation } from './functions.ts';
import { LentRole } from './lent-role.ts';
import { type Concurrency, LIMITS } from './limits.ts';
import { MicroVms } from './microvms.ts';
import { INSTALLATION_FILE, pipelineFunction, type Surroundings } from './pipeline-function.ts';
import type { RegistryStack } from './registry-stack.ts';
import { onEvents } from './run-limits.ts';
import { invokeEvery } from './schedule.ts';
import { type GitHost, Triggers } from './triggers.ts';
import { grantFollow, grantLook, grantTags, invokeOnAlarm } from './watch.ts';

export interface PipelineStackProps extends StackProps {
  /** Of Fairlead, which `fairlead doctor` compares with that of a clone. */
  version?: string;
  registry: RegistryStack;
  /** Where apps run: of a stack, or one that is there. */
  cluster: ReachableCluster | ExistingCluster;
  /** From where the load balancers of apps are reached that do not say it. */
  loadBalancers: Installation['loadBalancers'];
  /** The group that has the rights of rolling out in it. */
  deployers: string;
  /** What is deployed (lib/push/installation.ts). */
  deploys: object;
  /** The git hosts, one of a kind. */
  hosts: readonly GitHost[];
  /** Names of the repositories of CodeCommit that are deployed. */
  codeCommitRepositories?: readonly string[];
  /** What images are for, where fairlead.yaml does not say: `linux/arm64` or `linux/amd64`. */
  platform: string;
  /** Days that logs are kept: one of those that CloudWatch Logs knows; 90 when absent. */
  logDays?: number;
  /** Whether functions that strangers reach are bounded; `set-apart` when absent. */
  concurrency?: Concurrency;
  /** Seconds after which a deployment that has not ended counts as stuck. */
  stuckAfter?: number;
  /** The buildspec of builds in CodeBuild; absent for an installation without that engine. */
  buildspec?: Record<string, unknown>;
  /** Whether what no function can build is built in Lambda MicroVMs, which few regions have. */
  microVms?: boolean;
}

/** From the webhook to the rollout: the functions, the ledger, the secrets, and who may do what. */
export class PipelineStack extends Stack {
  readonly functions: Readonly<Record<FunctionName, lambda.Function>>;
  readonly deadLetters: sqs.Queue;
  readonly ledger: dynamodb.TableV2;

  constructor(scope: Construct, id: string, props: PipelineStackProps) {
    super(scope, id, props);
    // It imports nothing of it, but what functions publish to is there before they are.
    this.addStackDependency(props.registry);
    const { cluster, network } =
      'kind' in props.cluster ? existingCluster(this, props.cluster) : props.cluster;
    this.ledger = this.createLedger();
    this.deadLetters = new sqs.Queue(this, 'DeadLetters', {
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const triggers = new Triggers(this, props.hosts);
    const { buildspec, logDays = 90 } = props;
    const codeBuild =
      buildspec && new CodeBuildEngine(this, 'CodeBuild', { buildspec, tokens: triggers.tokens, logDays });
    const microVms = props.microVms ? new MicroVms(this, 'MicroVms', logDays) : undefined;
    const lent = codeBuild || microVms ? new LentRole(this, 'Lent') : undefined;
    const installation: Installation = {
      installationFile: INSTALLATION_FILE,
      ...triggers.settings,
      platform: props.platform,
      ...(props.stuckAfter && { stuckAfter: props.stuckAfter }),
      deadLettersUrl: this.deadLetters.queueUrl,
      ledgerTable: this.ledger.tableName,
      imageRepositoryPrefix: props.registry.imageRepositoryPrefix,
      registryMirrors: props.registry.mirrors,
      insecureRegistries: [],
      clusterName: cluster.clusterName,
      serviceType: 'LoadBalancer',
      loadBalancers: props.loadBalancers,
      // Long enough for a program that dies of its first requests; alarms take minutes, and an app says so.
      bakeSeconds: 60,
      ...(microVms && { microVm: microVms.settings }),
      ...(codeBuild && {
        codeBuildProject: codeBuild.project.projectName,
        lentTable: codeBuild.lentTable.tableName,
      }),
      ...(lent && { lentRole: lent.roleArn }),
    };
    this.functions = this.createFunctions(installation, {
      platform: props.platform,
      deploys: props.deploys,
      logDays,
      concurrency: props.concurrency ?? 'set-apart',
      ...(network && { network }),
    });

    const { 'receive-push': receive, deploy, 'build-image': build, 'roll-out': rollOut } = this.functions;
    triggers.grantWebhooks(receive);
    triggers.grantAccess(deploy, build, this.functions.sweep);
    this.installCodeCommit(props.codeCommitRepositories ?? []);
    props.registry.grantBuild(build);
    codeBuild?.grantUse(build);
    microVms?.grantRun(build);
    lent?.lendTo(build.role);
    this.grantLedger(deploy, ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']);
    this.grantLedger(rollOut, ['GetItem']);
    this.grantLedger(this.functions.sweep, ['GetItem', 'Query']);
    this.grantLedger(this.functions['watch-alarm'], ['GetItem', 'Query']);
    this.grantLedger(this.functions.operate, ['DeleteItem', 'GetItem', 'PutItem', 'Query']);
    grantTags(this.functions['watch-alarm']);
    grantLook(rollOut);
    grantAppSecrets(rollOut, 'secretsmanager:GetSecretValue');
    grantAppSecrets(deploy, 'secretsmanager:DescribeSecret');
    grantFollow(this.functions.operate, deploy);
    grantReplay(this.functions.operate, this.deadLetters);
    rollOut.addToRolePolicy(
      new iam.PolicyStatement({ actions: ['eks:DescribeCluster'], resources: [cluster.clusterArn] }),
    );
    if (rollOut.role) admitDeployer(this, cluster, rollOut.role, props.deployers);
    const url = receive.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
    if (props.version !== undefined) new CfnOutput(this, 'Version', { value: props.version });
    triggers.tell(this, url.url);
    // Whoever changes a webhook's secret has to find the webhook.
    this.functions.operate.addEnvironment('WEBHOOK_URL', url.url);
    new CfnOutput(this, 'OperateFunctionArn', {
      value: this.functions.operate.functionArn,
      description: 'Who may invoke it may use the command line: fairlead status, releases, rollback …',
    });
  }

  /** Claims, releases, verdicts and bad commits: what no other place knows, so it is kept when the stack goes. */
  private createLedger(): dynamodb.TableV2 {
    return new dynamodb.TableV2(this, 'Ledger', {
      partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
      billing: dynamodb.Billing.onDemand(),
      timeToLiveAttribute: 'expires',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
      deletionProtection: true,
    });
  }

  private installCodeCommit(repositories: readonly string[]): void {
    if (repositories.length === 0) return;
    const { 'receive-push': receive, deploy, sweep, 'build-image': build } = this.functions;
    invokeOnPush(this, receive, repositories, this.deadLetters);
    grantCodeCommit(this, repositories, { heads: [deploy, sweep], news: [sweep], pulls: [build] });
  }

  /** Callees are made before their callers, so that each can be told its callees' versions. */
  private createFunctions(
    installation: Installation,
    surroundings: Surroundings,
  ): Record<FunctionName, lambda.Function> {
    const callees: Callees = {
      deploy: '',
      buildImage: '',
      rollOut: '',
      sweep: '',
      receive: '',
      watchAlarm: '',
    };
    const create = (name: FunctionName) => {
      const definition = FUNCTIONS.find((candidate) => candidate.name === name);
      if (!definition) throw new Error(`no function is called ${name}`);
      const environment = definition.environment(installation, callees);
      return pipelineFunction(this, definition, environment, this.deadLetters, surroundings);
    };
    const buildImage = create('build-image');
    const rollOut = create('roll-out');
    const [buildAlias, rollOutAlias] = [liveAlias(buildImage, 'build-image'), liveAlias(rollOut, 'roll-out')];
    Object.assign(callees, { buildImage: buildAlias.functionArn, rollOut: rollOutAlias.functionArn });
    const deploy = create('deploy');
    const deployAlias = liveAlias(deploy, 'deploy');
    callees.deploy = deployAlias.functionArn;
    const sweep = create('sweep');
    const sweepAlias = liveAlias(sweep, 'sweep');
    callees.sweep = sweepAlias.functionArn;
    const receive = create('receive-push');
    acknowledgeBuilder(buildImage);
    allowInvoke(deploy, buildAlias, rollOutAlias);
    allowInvoke(receive, deployAlias, sweepAlias);
    allowInvoke(sweep, deployAlias);
    invokeEvery(
      this,
      sweepAlias,
      FUNCTIONS.find(({ name }) => name === 'sweep')?.every ?? 5,
      this.deadLetters,
    );
    const watchAlarm = create('watch-alarm');
    callees.receive = receive.functionArn;
    callees.watchAlarm = watchAlarm.functionArn;
    const operate = create('operate');
    allowInvoke(watchAlarm, deployAlias);
    allowInvoke(operate, deployAlias, sweepAlias, watchAlarm, receive);
    invokeOnAlarm(this, watchAlarm, this.deadLetters);
    return {
      ...{ 'receive-push': receive, deploy, 'build-image': buildImage, 'roll-out': rollOut, sweep },
      ...{ 'watch-alarm': watchAlarm, operate },
    };
  }

  private grantLedger(grantee: lambda.Function, operations: string[]): void {
    grantee.addToRolePolicy(
      new iam.PolicyStatement({
        actions: operations.map((operation) => `dynamodb:${operation}`),
        resources: [this.ledger.tableArn],
      }),
    );
  }
}

/** What callers invoke: an alias of the newest version, so that an execution ends on the code it began with. */
function liveAlias(made: lambda.Function, name: FunctionName): lambda.Alias {
  return made.addAlias('live', onEvents(LIMITS[name]));
}

/** Lets `made` read what waits in a queue, and give it back or take it out. */
function grantReplay(made: lambda.Function, queue: sqs.Queue): void {
  const actions = ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'];
  made.addToRolePolicy(new iam.PolicyStatement({ actions, resources: [queue.queueArn] }));
}

/** Lets `caller` invoke exactly `callees`. */
function allowInvoke(caller: lambda.Function, ...callees: lambda.IFunction[]): void {
  const resources = callees.map(({ functionArn }) => functionArn);
  caller.addToRolePolicy(new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources }));
}
