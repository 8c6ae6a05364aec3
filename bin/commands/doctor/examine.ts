import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, DEFAULTS } from '../../../lib/config/config.ts';
import { loadConfig } from '../../../lib/config/load.ts';
import { FairleadError, messageOf } from '../../../lib/errors.ts';
import { root } from '../../root.ts';
import { type RunningCloud, runningClouds } from '../../running-clouds.ts';
import { connect } from '../operate/connect.ts';
import { cluster } from './checks/cluster.ts';
import { functions } from './checks/functions.ts';
import { ledger } from './checks/ledger.ts';
import { microVms } from './checks/micro-vms.ts';
import { quotas } from './checks/quotas.ts';
import { registry } from './checks/registry.ts';
import { secrets } from './checks/secrets.ts';
import { stacks } from './checks/stacks.ts';
import { alarms, deadLetters, notifications } from './checks/watched.ts';
import { deliveries, webhook } from './checks/webhook.ts';
import { type Finding, notOk, ok } from './finding.ts';
import { type Check, type ClientSettings, carryOut, type Patient, type Resource } from './patient.ts';
import { readStacks, STACKS, type StackSummary } from './stacks.ts';

/** From what everything else depends on to what depends on everything. */
const ON_AWS: readonly Check[] = [
  ...[stacks, webhook, deliveries, secrets, registry, ledger],
  ...[cluster, alarms, notifications, deadLetters, microVms, quotas, functions],
];
/** What a local cloud has. */
const HERE: readonly Check[] = [ledger, secrets, cluster, functions];

export interface Asked {
  /** Name or ARN of the function operate. */
  function: string;
  local?: true;
  /** Where `fairlead.config.ts` is; the root of the clone when absent. */
  folder?: string;
}

/** Looks an installation over, with calls that read and nothing else. */
export async function examine(asked: Asked): Promise<Finding[]> {
  const configured = await configuration(asked.folder ?? root());
  const cloud = asked.local ? await localCloud() : undefined;
  const settings = settingsOf(cloud);
  const person = await identity(settings, cloud === undefined ? configured.config.regions : []);
  // Without credentials, or elsewhere, nothing else can be asked.
  if (person.is === 'not-ok') return [configured.finding, person];
  const found = cloud === undefined ? await stacksOf(settings) : [];
  const patient = await patientOf(asked, configured.config, settings, found);
  const checks = cloud === undefined ? ON_AWS : HERE;
  // Side by side; told in their order.
  const findings = await Promise.all(checks.map((check) => carryOut(check, patient)));
  return [configured.finding, person, ...findings.flat()];
}

async function configuration(folder: string): Promise<{ config: Config; finding: Finding }> {
  try {
    const { config, from } = await loadConfig(folder);
    const says = from.is === 'file' ? 'fairlead.config.ts is valid' : 'there is none: the defaults hold';
    return { config, finding: ok('configuration', says) };
  } catch (error) {
    const remedy = error instanceof FairleadError ? error.fault.remedy : undefined;
    return {
      config: DEFAULTS,
      finding: notOk('configuration', messageOf(error), remedy ?? 'docs/configuration.md'),
    };
  }
}

async function localCloud(): Promise<RunningCloud> {
  const clouds = await runningClouds();
  const wanted = process.env.FAIRLEAD_LOCAL;
  const cloud = wanted ? clouds.find(({ pid }) => String(pid) === wanted) : clouds[0];
  if (cloud !== undefined) return cloud;
  throw new FairleadError({
    code: 'operate/no-cloud',
    operation: 'looking an installation over',
    cause: 'no local cloud is running',
    remedy: 'start one: npm start',
  });
}

function settingsOf(cloud: RunningCloud | undefined): (name: string) => ClientSettings | undefined {
  if (cloud === undefined) return () => ({ maxAttempts: 3 });
  const { region, accessKeyId, secretAccessKey, endpoints } = cloud;
  const credentials = { accessKeyId, secretAccessKey };
  return (name) => {
    // STS and others share an address there.
    const endpoint =
      endpoints[`AWS_ENDPOINT_URL_${name}`] ?? (name === 'STS' ? endpoints.AWS_ENDPOINT_URL_ECR : undefined);
    return endpoint === undefined ? undefined : { region, endpoint, credentials, maxAttempts: 2 };
  };
}

/** Who asks, and where: elsewhere than in one of `regions`, if there are any, there is nothing to be found. */
async function identity(
  settings: (name: string) => ClientSettings | undefined,
  regions: readonly string[],
): Promise<Finding> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  try {
    const client = new STSClient(settings('STS') ?? {});
    const region = await client.config.region();
    const { Account, Arn } = await client.send(new GetCallerIdentityCommand({}));
    if (regions.length > 0 && !regions.includes(region))
      return notOk(
        'credentials',
        `they are for ${region}, and fairlead.config.ts says ${regions.join(', ')}`,
        `export AWS_REGION=${regions[0]}`,
      );
    return ok('credentials', `${Arn ?? Account} in ${region}`);
  } catch (error) {
    const missing = /Region is missing/.test(messageOf(error));
    const remedy = missing
      ? 'set AWS_REGION to that of the installation'
      : 'aws sso login, or name a profile in AWS_PROFILE';
    return notOk('credentials', messageOf(error).split('\n')[0] ?? '', remedy);
  }
}

async function stacksOf(settings: (name: string) => ClientSettings | undefined): Promise<StackSummary[]> {
  const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient(settings('CLOUDFORMATION') ?? {});
  // Whoever may not read them is told so by every check that knows of nothing to look at.
  return await readStacks(client, Object.values(STACKS)).catch(() => []);
}

/** What a local cloud calls its own (local/cloud.ts). */
const LOCAL: Record<string, readonly Resource[]> = {
  'AWS::DynamoDB::Table': [{ logicalId: 'Ledger', id: 'fairlead-ledger' }],
};

async function patientOf(
  asked: Asked,
  config: Config,
  settings: Patient['settings'],
  found: readonly StackSummary[],
): Promise<Patient> {
  const manifest = JSON.parse(await readFile(join(root(), 'package.json'), 'utf8')) as { version: string };
  // What is left of a cluster that is used no more is nothing of the installation.
  const own = found.filter(({ name }) => name !== STACKS.cluster || config.cluster.is === 'new');
  const output = (key: string) => own.map(({ outputs }) => outputs[key]).find((value) => value !== undefined);
  const named = config.cluster.is === 'existing' ? config.cluster.name : output('ClusterName');
  return {
    config,
    settings,
    stacks: found,
    resources: (type, stack) =>
      asked.local
        ? (LOCAL[type] ?? [])
        : own
            .filter(({ name }) => stack === undefined || name === stack)
            .flatMap(({ resources }) => resources.get(type) ?? []),
    output,
    clusterName: asked.local ? 'fairlead' : named,
    ask: await connect(asked),
    version: manifest.version,
  };
}
