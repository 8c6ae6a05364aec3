import { appsMistakes } from './app-mistakes.ts';
import { hostsOf } from './complete.ts';
import { hostMistakes } from './host-mistakes.ts';
import type { Mistake } from './mistake.ts';
import type { ClusterEntry, ConfigFile } from './types.ts';
import { MICROVM_REGIONS } from './values.ts';
import { zoneMistakes } from './zones.ts';

/** What is wrong with fields only together with others; nothing where all is well. Each field is right by itself. */
export function relations(file: ConfigFile): Mistake[] {
  const hosts = hostMistakes(file.hosts ?? []);
  // An app cannot be told where it is before its host can.
  const apps = hosts.length > 0 || file.apps === 'any' ? [] : appsMistakes(file.apps, hostsOf(file));
  return [
    ...hosts,
    ...apps,
    ...unlistedMistakes(file),
    ...repeated(file.regions ?? [], 'regions'),
    ...microVmMistakes(file),
    ...clusterMistakes(file.cluster, file.regions ?? []),
    ...zoneMistakes(file.cluster, file.regions ?? []),
    ...topicMistakes(file),
    ...tooMany(file),
  ];
}

/** Of CodeCommit is heard what a rule of the account names, and read what the functions have a right to: what is listed. */
function unlistedMistakes({ apps, hosts = [] }: ConfigFile): Mistake[] {
  if (apps !== 'any' || !hosts.some(({ kind }) => kind === 'codecommit')) return [];
  return [{ field: 'apps', message: "cannot be 'any' with CodeCommit: name its repositories in a list" }];
}

function microVmMistakes({ engines, platform, regions = [] }: ConfigFile): Mistake[] {
  if (engines?.microvm !== true) return [];
  const field = 'engines.microvm';
  const where = `MicroVMs are in ${MICROVM_REGIONS.join(', ')}`;
  if (platform === 'linux/amd64')
    return [
      { field, message: "MicroVMs are arm64: take platform 'linux/arm64', or leave amd64 to codebuild" },
    ];
  if (regions.length === 0) return [{ field, message: `${where}: name one of these in regions` }];
  return regions
    .filter((region) => !(MICROVM_REGIONS as readonly string[]).includes(region))
    .map((region) => ({ field, message: `${where}, and not in ${region}: leave it out there` }));
}

function clusterMistakes(cluster: ClusterEntry | undefined, regions: readonly string[]): Mistake[] {
  if (cluster === undefined) return [];
  const said = cluster as {
    new?: unknown;
    existing?: Extract<ClusterEntry, { existing: unknown }>['existing'];
  };
  if ((said.new === undefined) === (said.existing === undefined))
    return [{ field: 'cluster', message: "has to be one of { new: {} } and { existing: { name: 'apps' } }" }];
  if (said.existing === undefined) return [];
  const { endpoint, vpc, subnets, securityGroups } = said.existing;
  const field = 'cluster.existing';
  const network = Object.entries({ vpc, subnets, securityGroups }).filter(([, value]) => value !== undefined);
  if (endpoint !== 'private')
    return network.map(([name]) => ({
      field: `${field}.${name}`,
      message: "is for an endpoint that is 'private': leave it out, or say so",
    }));
  if (regions.length > 1)
    return [
      { field: `${field}.endpoint`, message: 'a VPC is in one region: a private endpoint takes one region' },
    ];
  return Object.entries({ vpc, subnets })
    .filter(([, value]) => value === undefined)
    .map(([name]) => ({
      field: `${field}.${name}`,
      message: 'is missing: a private endpoint is reached from a VPC only',
    }));
}

function topicMistakes({ notifications, regions = [] }: ConfigFile): Mistake[] {
  return (notifications?.topics ?? []).flatMap((arn, at) => {
    const region = arn.split(':')[3] ?? '';
    if (regions.length === 0 || regions.includes(region)) return [];
    return [
      {
        field: `notifications.topics[${at}]`,
        message: `is in ${region}, and alarms of ${regions.join(', ')} can tell topics of their own region only`,
      },
    ];
  });
}

/** Topics beside the installation's own: an alarm has five actions at most (API_PutMetricAlarm). */
const MOST_TOPICS = 4;
/** Addresses that a budget mails to ("NotificationWithSubscribers", AWS Billing and Cost Management API Reference). */
const MOST_MAILED = 10;

/** What AWS would refuse when it is deployed. */
function tooMany({ notifications, budget }: ConfigFile): Mistake[] {
  const byRegion = Map.groupBy(notifications?.topics ?? [], (arn) => arn.split(':')[3] ?? '');
  const crowded = [...byRegion].filter(([, topics]) => topics.length > MOST_TOPICS);
  return [
    ...crowded.map(([region, { length }]) => ({
      field: 'notifications.topics',
      message: `are ${length} in ${region}, and alarms tell ${MOST_TOPICS} at most beside their own: have one topic tell the others`,
    })),
    ...((budget?.email.length ?? 0) > MOST_MAILED
      ? [
          {
            field: 'budget.email',
            message: `has to be ${MOST_MAILED} addresses at most: name a mailing list`,
          },
        ]
      : []),
  ];
}

function repeated(values: readonly string[], field: string): Mistake[] {
  return values.flatMap((value, at) =>
    values.indexOf(value) === at
      ? []
      : [{ field: `${field}[${at}]`, message: `'${value}' stands there twice` }],
  );
}
