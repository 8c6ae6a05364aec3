import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { bundled } from './bundled.ts';
import type { ClusterNetwork } from './cluster-stack.ts';
import { allowCheckpoints, functionRole } from './function-role.ts';
import type { FunctionDefinition } from './functions.ts';
import { inNetwork } from './in-network.ts';
import { type Concurrency, LIMITS } from './limits.ts';
import { runLimits } from './run-limits.ts';

/** Beside the code of a function. */
export const INSTALLATION_FILE = 'installation.json';

export interface Surroundings {
  /** What images are for: `linux/arm64`. */
  platform: string;
  /** What is deployed (lib/push/installation.ts), for the functions that have to know. */
  deploys: object;
  /** Days that logs are kept: one of those that CloudWatch Logs knows. */
  logDays: number;
  concurrency: Concurrency;
  /** How the cluster is reached by who rolls out, where that is not by its public endpoint. */
  network?: ClusterNetwork;
}

/** The Lambda function that `definition` describes, bundled now. */
export function pipelineFunction(
  scope: Construct,
  definition: FunctionDefinition,
  environment: Record<string, string>,
  deadLetters: sqs.IQueue,
  { platform, network, deploys, logDays, concurrency }: Surroundings,
): lambda.Function {
  const directory = bundled(definition.name, definition.entry);
  // A part of the code: it changes what the function is, and does not fit into its environment.
  if (environment.INSTALLATION_FILE === INSTALLATION_FILE)
    writeFileSync(join(directory, INSTALLATION_FILE), `${JSON.stringify(deploys, null, 2)}\n`);
  const id = pascalCase(definition.name);
  const logGroup = new logs.LogGroup(scope, `${id}Logs`, {
    retention: logDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const inVpc = definition.name === 'roll-out' && network && inNetwork(scope, network);
  const shared = {
    ...(definition.functionName && { functionName: definition.functionName }),
    description: `Fairlead: ${definition.name}`,
    memorySize: definition.memory,
    timeout: Duration.seconds(definition.timeout),
    environment: { ...environment, POWERTOOLS_SERVICE_NAME: definition.name },
    loggingFormat: lambda.LoggingFormat.JSON,
    logGroup,
    role: functionRole(scope, id, logGroup, {
      isInVpc: Boolean(inVpc),
      isTraced: LIMITS[definition.name].traced,
    }),
    // What tells of a push, and Lambda's own report of each invocation: how long, how much memory, was it a start.
    applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
    systemLogLevelV2: lambda.SystemLogLevel.INFO,
    ...runLimits(LIMITS[definition.name], deadLetters, concurrency),
    // What runs on a version goes on when an update makes the next one: an execution that sleeps is woken on its own
    // version, up to 12 hours later. One of an update that is rolled back goes, else it would stand in the next one's way.
    // One in a VPC goes with the next: as long as it is there, it has network interfaces, which nothing below them outlives.
    ...(!inVpc && { currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE } }),
  };
  if (definition.name === 'build-image') return containerFunction(scope, id, directory, shared, platform);
  const made = new lambda.Function(scope, id, {
    ...shared,
    ...inVpc,
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    code: lambda.Code.fromAsset(directory, { exclude: ['*.map'] }),
    handler: 'index.handler',
    ...(definition.durable && {
      durableConfig: {
        executionTimeout: Duration.seconds(definition.durable.executionTimeout),
        retentionPeriod: Duration.days(definition.durable.retentionDays),
      },
    }),
  });
  if (definition.durable) allowCheckpoints(scope, id, made);
  return made;
}

/** What Lambda runs functions on. */
const MACHINES: Record<string, { architecture: lambda.Architecture; image: Platform }> = {
  'linux/arm64': { architecture: lambda.Architecture.ARM_64, image: Platform.LINUX_ARM64 },
  'linux/amd64': { architecture: lambda.Architecture.X86_64, image: Platform.LINUX_AMD64 },
};

type SharedProps = Omit<lambda.DockerImageFunctionProps, 'code'>;

/** build-image carries a Go toolchain, which is more than a zip archive may hold. */
function containerFunction(
  scope: Construct,
  id: string,
  directory: string,
  shared: SharedProps,
  platform: string,
) {
  copyFileSync(join('lambdas', 'build-image.Dockerfile'), join(directory, 'Dockerfile'));
  const made = MACHINES[platform];
  if (made === undefined)
    throw new Error(`platform ${platform}: Lambda has ${Object.keys(MACHINES).join(' and ')}`);
  return new lambda.DockerImageFunction(scope, id, {
    ...shared,
    // What is compiled here runs there as it is.
    architecture: made.architecture,
    code: lambda.DockerImageCode.fromImageAsset(directory, { exclude: ['*.map'], platform: made.image }),
    // /tmp keeps Go's build cache and the layers of stages while the environment is warm.
    ephemeralStorageSize: Size.gibibytes(10),
  });
}

function pascalCase(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}
