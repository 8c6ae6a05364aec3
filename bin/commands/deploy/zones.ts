import {
  type AvailabilityZone,
  DescribeAvailabilityZonesCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2';
import type { Config, NewCluster } from '../../../lib/config/config.ts';
import { zonesIn } from '../../../lib/config/zones.ts';
import { FairleadError } from '../../../lib/errors.ts';
import type { Aws } from './aws.ts';
import { ifAllowed } from './ec2.ts';
import { outputsOf } from './stack-outputs.ts';

/**
 * Where EKS has no control plane, by ids, which unlike names are the same in all accounts (Amazon EKS User Guide, "Subnet
 * requirements for clusters").
 */
const WITHOUT_EKS = ['use1-az3', 'usw1-az2', 'cac1-az3'];

/** Throws `deploy/zone-without-eks`, `deploy/no-zone` where a new cluster could not be made in the zones of its VPC. */
export async function checkZones(aws: Aws, cluster: NewCluster, { regions }: Pick<Config, 'regions'>) {
  const { cloudFormation, ec2, region } = aws;
  // One that is there stays where it is.
  if ((await outputsOf(cloudFormation, 'FairleadCluster'))?.ClusterName !== undefined) return;
  // Without wavelengths and local zones.
  const Filters = [{ Name: 'zone-type', Values: ['availability-zone'] }];
  const { AvailabilityZones: all = [] } =
    (await ifAllowed(ec2.send(new DescribeAvailabilityZonesCommand({ Filters })))) ?? {};
  if (all.length === 0) return;
  const named = zonesIn(cluster, region);
  const taken = named.length > 0 ? zonesCalled(named, all, region) : await firstTwo(aws, all);
  const without = taken.filter(hasNoEks);
  if (without.length === 0) return;
  throw new FairleadError({
    code: 'deploy/zone-without-eks',
    operation: `looking at the zones of a new cluster in ${region}`,
    cause: `its VPC would be in ${taken.map(inBrief).join(' and ')}, and EKS makes no cluster in ${without.map(inBrief).join(', ')}`,
    remedy: remedyOf(all, region, regions),
  });
}

const hasNoEks = ({ ZoneId = '' }: AvailabilityZone) => WITHOUT_EKS.includes(ZoneId);
const inBrief = ({ ZoneName, ZoneId }: AvailabilityZone) => `${ZoneName} (${ZoneId})`;
const byName = (a: AvailabilityZone, b: AvailabilityZone) =>
  (a.ZoneName ?? '') < (b.ZoneName ?? '') ? -1 : 1;

function zonesCalled(
  names: readonly string[],
  all: readonly AvailabilityZone[],
  region: string,
): AvailabilityZone[] {
  return names.map((name) => {
    const found = all.find(({ ZoneName }) => ZoneName === name);
    if (found !== undefined) return found;
    throw new FairleadError({
      code: 'deploy/no-zone',
      operation: `looking at the zones of a new cluster in ${region}`,
      cause: `this account has no zone ${name} there`,
      remedy: `name two of ${all
        .filter((zone) => !hasNoEks(zone))
        .sort(byName)
        .map(inBrief)
        .join(', ')} in cluster.new.zones of fairlead.config.ts`,
    });
  });
}

/**
 * What Fn::GetAZs begins with: of the zones that have a default subnet, or of all where none has (AWS CloudFormation
 * User Guide, "Fn::GetAZs").
 */
async function firstTwo({ ec2 }: Aws, all: readonly AvailabilityZone[]): Promise<AvailabilityZone[]> {
  const Filters = [{ Name: 'default-for-az', Values: ['true'] }];
  const { Subnets = [] } = (await ifAllowed(ec2.send(new DescribeSubnetsCommand({ Filters })))) ?? {};
  const having = all.filter(({ ZoneId }) =>
    Subnets.some(({ AvailabilityZoneId }) => AvailabilityZoneId === ZoneId),
  );
  return (having.length > 0 ? having : [...all]).sort(byName).slice(0, 2);
}

function remedyOf(all: readonly AvailabilityZone[], region: string, regions: readonly string[]): string {
  const [one, other] = all.filter((zone) => !hasNoEks(zone)).sort(byName);
  if (one === undefined || other === undefined)
    return 'take another region: the account has no two zones there that EKS takes';
  const where = regions.length === 0 ? ` (and regions: ['${region}'])` : '';
  return `add zones: ['${one.ZoneName}', '${other.ZoneName}'] to cluster.new in fairlead.config.ts${where}`;
}
