import type { EC2Client } from '@aws-sdk/client-ec2';
import type { Patient } from '../patient.ts';

/** Elastic IP addresses of the region that are somebody's, whatever for. */
export async function addressesInUse(patient: Patient): Promise<number> {
  const { DescribeAddressesCommand } = await import('@aws-sdk/client-ec2');
  const { Addresses = [] } = await (await ec2Of(patient)).send(new DescribeAddressesCommand({}));
  return Addresses.length;
}

/** VPCs of the region, the default one among them. */
export async function vpcsInUse(patient: Patient): Promise<number> {
  const { paginateDescribeVpcs } = await import('@aws-sdk/client-ec2');
  let count = 0;
  for await (const { Vpcs = [] } of paginateDescribeVpcs({ client: await ec2Of(patient) }, {}))
    count += Vpcs.length;
  return count;
}

async function ec2Of(patient: Patient): Promise<EC2Client> {
  const { EC2Client } = await import('@aws-sdk/client-ec2');
  return new EC2Client(patient.settings('EC2') ?? {});
}

/** Where Service Quotas says that the use of a quota is measured. */
export interface Usage {
  MetricNamespace?: string;
  MetricName?: string;
  MetricDimensions?: Record<string, string>;
}

/** The most within the last day; undefined where nobody measures it. */
export async function usage(patient: Patient, { MetricNamespace, MetricName, MetricDimensions = {} }: Usage) {
  if (MetricNamespace === undefined || MetricName === undefined) return undefined;
  const { CloudWatchClient, GetMetricStatisticsCommand } = await import('@aws-sdk/client-cloudwatch');
  const client = new CloudWatchClient(patient.settings('CLOUDWATCH') ?? {});
  const EndTime = new Date();
  const { Datapoints = [] } = await client.send(
    new GetMetricStatisticsCommand({
      Namespace: MetricNamespace,
      MetricName,
      Dimensions: Object.entries(MetricDimensions).map(([Name, Value]) => ({ Name, Value })),
      StartTime: new Date(EndTime.getTime() - 86_400_000),
      EndTime,
      Period: 3600,
      Statistics: ['Maximum'],
    }),
  );
  return Datapoints.length === 0 ? undefined : Math.max(...Datapoints.map(({ Maximum = 0 }) => Maximum));
}
