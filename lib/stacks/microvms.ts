import { createHash } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnRule, Fn, Lazy, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as assets from 'aws-cdk-lib/aws-s3-assets';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledgeVmSecret } from './acknowledgements.ts';
import { grantValue } from './app-secrets.ts';
import { bundled } from './bundled.ts';
import type { Installation } from './functions.ts';

/** Where Lambda has MicroVMs (AWS Lambda Developer Guide, "Lambda MicroVMs", November 2026). */
const REGIONS = ['us-east-1', 'us-east-2', 'us-west-2', 'eu-west-1', 'ap-northeast-1'];

/** MiB that a VM has at least; it may take four times as much for a while. */
const MEMORY = 4096;

const ENABLED = 'ENABLED';

/** The image of the MicroVMs that build what no function can, and who may run it. */
export class MicroVms extends Construct {
  readonly #image: lambda.CfnMicrovmImage;
  readonly #secret: secretsmanager.Secret;

  /** `logDays`: days that logs are kept, as many as CloudWatch Logs knows. */
  constructor(scope: Construct, id: string, logDays: number) {
    super(scope, id);
    this.refuseOtherRegions();
    const directory = bundled('build-vm', 'lambdas/build-vm.ts');
    copyFileSync(join('lambdas', 'build-vm.Dockerfile'), join(directory, 'Dockerfile'));
    const code = new assets.Asset(this, 'Code', { path: directory, exclude: ['*.map'] });
    const log = new logs.LogGroup(this, 'ImageLogs', {
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.buildRole(code, log);
    this.#image = this.createImage(code, log, role);
    this.#secret = new secretsmanager.Secret(this, 'Key', {
      description: 'What the keys of the MicroVMs that build are made from',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    acknowledgeVmSecret(this.#secret);
  }

  /** What the functions have to know of it. */
  get settings(): NonNullable<Installation['microVm']> {
    return {
      image: this.#image.attrImageArn,
      version: this.#image.attrLatestActiveImageVersion,
      madeOf: Lazy.string({ produce: () => fingerprint(this.#image) }),
      platform: 'linux/arm64',
      secretId: this.#secret.secretArn,
    };
  }

  /** Lets `grantee` run VMs of this image, and do with them what builds need. */
  grantRun(grantee: iam.IGrantable): void {
    grantValue(grantee, this.#secret);
    const statements = [
      {
        actions: [
          'lambda:CreateMicrovmAuthToken',
          'lambda:GetMicrovm',
          'lambda:ResumeMicrovm',
          'lambda:RunMicrovm',
          'lambda:TerminateMicrovm',
        ],
        resources: [this.#image.attrImageArn],
      },
      // What every VM has that is run without others: its endpoint, and the way out. The action knows no resources
      // (Service Authorization Reference, "AWS Lambda"), so that naming the connectors would allow nothing.
      { actions: ['lambda:PassNetworkConnector'], resources: ['*'] },
    ];
    for (const statement of statements)
      grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  }

  private createImage(code: assets.Asset, log: logs.ILogGroup, role: iam.Role): lambda.CfnMicrovmImage {
    const { stackName, region, partition } = Stack.of(this);
    const image = new lambda.CfnMicrovmImage(this, 'Image', {
      name: `${stackName}-builder`,
      description: 'Fairlead: builds Dockerfiles',
      baseImageArn: `arn:${partition}:lambda:${region}:aws:microvm-image:al2023-1`,
      baseImageVersion: '1',
      buildRoleArn: role.roleArn,
      codeArtifact: { uri: code.s3ObjectUrl },
      cpuConfigurations: [{ architecture: 'ARM_64' }],
      resources: [{ minimumMemoryInMiB: MEMORY }],
      // RUN has mounts and namespaces of its own.
      additionalOsCapabilities: ['ALL'],
      egressNetworkConnectors: [this.connectorArn('INTERNET_EGRESS')],
      // Nothing secret: it would be in the snapshot that every VM starts from.
      environmentVariables: [],
      logging: { cloudWatch: { logGroup: log.logGroupName } },
      hooks: {
        port: 9000,
        microvmImageHooks: {
          ready: ENABLED,
          readyTimeoutInSeconds: 120,
          validate: ENABLED,
          validateTimeoutInSeconds: 30,
        },
        microvmHooks: {
          run: ENABLED,
          runTimeoutInSeconds: 10,
          resume: ENABLED,
          resumeTimeoutInSeconds: 10,
          suspend: ENABLED,
          suspendTimeoutInSeconds: 10,
          terminate: ENABLED,
          terminateTimeoutInSeconds: 10,
        },
      },
    });
    image.node.addDependency(role);
    return image;
  }

  /** Reads what the image is made of, and writes how that went. VMs have no role: a build gets nothing of the account. */
  private buildRole(code: assets.Asset, log: logs.LogGroup): iam.Role {
    const { account } = Stack.of(this);
    const lambdaOfAccount = new iam.ServicePrincipal('lambda.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    });
    const role = new iam.Role(this, 'BuildRole', { assumedBy: lambdaOfAccount });
    role.assumeRolePolicy?.addStatements(
      new iam.PolicyStatement({ actions: ['sts:TagSession'], principals: [lambdaOfAccount] }),
    );
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [code.bucket.arnForObjects(code.s3ObjectKey)],
      }),
    );
    log.grantWrite(role);
    return role;
  }

  private connectorArn(name: string): string {
    const { partition, region } = Stack.of(this);
    return `arn:${partition}:lambda:${region}:aws:network-connector:aws-network-connector:${name}`;
  }

  /** At synth where the region is known, else when it is deployed, before anything is made. */
  private refuseOtherRegions(): void {
    const { region } = Stack.of(this);
    const message = `Lambda has no MicroVMs there: deploy to ${REGIONS.join(', ')}, or leave microVms out`;
    if (!Token.isUnresolved(region)) {
      if (!REGIONS.includes(region)) throw new Error(`${region}: ${message}`);
      return;
    }
    new CfnRule(this, 'Region', {
      assertions: [{ assert: Fn.conditionContains(REGIONS, region), assertDescription: message }],
    });
  }
}

/** Of all that the template says of `image`, its code's hash among it; at the end of synthesis. */
function fingerprint(image: lambda.CfnMicrovmImage): string {
  const rendered = JSON.stringify(Stack.of(image).resolve(image._toCloudFormation()));
  return createHash('sha256').update(rendered).digest('hex').slice(0, 16);
}
