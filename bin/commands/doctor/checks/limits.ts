import type { Config } from '../../../../lib/config/config.ts';
import { SET_APART, UNRESERVED } from '../../../../lib/stacks/limits.ts';
import { CONCURRENCY_QUOTA } from '../../deploy/concurrency.ts';
import { absent, type Finding, notOk, ok } from '../finding.ts';
import type { Check, Patient } from '../patient.ts';

/** Where AWS has Lambda MicroVMs (AWS Lambda, "MicroVMs", Regions; November 2026). */
const MICROVM_REGIONS = ['us-east-1', 'us-east-2', 'us-west-2', 'eu-west-1', 'ap-northeast-1'];

export const microVms: Check = {
  about: 'MicroVMs',
  needs: [],
  async look({ config, settings }) {
    if (!config.engines.microvm) return [absent('MicroVMs', 'they are off in fairlead.config.ts')];
    const { STSClient } = await import('@aws-sdk/client-sts');
    const region = await new STSClient(settings('STS') ?? {}).config.region();
    return [
      MICROVM_REGIONS.includes(region)
        ? ok('MicroVMs', `${region} has them`)
        : notOk(
            'MicroVMs',
            `${region} has none`,
            `engines: { microvm: false } in fairlead.config.ts, or one of ${MICROVM_REGIONS.join(', ')}`,
          ),
    ];
  },
};

/** A quota, and the least of it that a handful of apps needs. */
interface Quota {
  service: string;
  code: string;
  name: string;
  least: number;
}

/** A push uses up to four at a time. New accounts begin with 10. */
const SHARED = 10;

/** Codes as `aws service-quotas list-service-quotas` gives them. */
const quotasFor = ({ concurrency }: Config): readonly Quota[] => [
  {
    ...CONCURRENCY_QUOTA,
    name: `concurrent executions of functions (concurrency: '${concurrency}')`,
    least: concurrency === 'shared' ? SHARED : SET_APART + UNRESERVED,
  },
  { service: 'eks', code: 'L-1194D53C', name: 'clusters', least: 1 },
  { service: 'ec2', code: 'L-0263D0A3', name: 'elastic IP addresses', least: 1 },
  { service: 'ecr', code: 'L-CFEB8E8D', name: 'repositories', least: 100 },
];

/** How much of a quota may be in use before it is worth a word. */
const NEAR = 0.8;

export const quotas: Check = {
  about: 'quotas',
  needs: ['servicequotas:GetServiceQuota', 'cloudwatch:GetMetricStatistics'],
  async look(patient) {
    if (patient.settings('SERVICE_QUOTAS') === undefined) return [absent('quotas', 'there are none here')];
    return (await Promise.all(quotasFor(patient.config).map((quota) => lookAt(patient, quota)))).flat();
  },
};

async function lookAt(patient: Patient, { service, code, name, least }: Quota): Promise<Finding[]> {
  const { GetServiceQuotaCommand, ServiceQuotasClient } = await import('@aws-sdk/client-service-quotas');
  const client = new ServiceQuotasClient(patient.settings('SERVICE_QUOTAS') ?? {});
  const asked = new GetServiceQuotaCommand({ ServiceCode: service, QuotaCode: code });
  // One that nobody has changed, in some regions, is not listed at all.
  const { Quota } = await client.send(asked).catch((error: Error) => {
    if (error.name === 'NoSuchResourceException') return { Quota: undefined };
    throw error;
  });
  const value = Quota?.Value;
  if (value === undefined) return [];
  const remedy = `aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${Math.max(least, value * 2)}`;
  if (value < least) return [notOk('quotas', `${value} ${name}, and ${least} are needed`, remedy)];
  const used = await usage(patient, Quota?.UsageMetric ?? {});
  if (used !== undefined && used > value * NEAR)
    return [notOk('quotas', `${used} of ${value} ${name} were in use within a day`, remedy)];
  return [ok('quotas', `${name}: ${used === undefined ? '' : `${used} of `}${value}`)];
}

interface Usage {
  MetricNamespace?: string;
  MetricName?: string;
  MetricDimensions?: Record<string, string>;
}

/** The most within the last day; undefined where nobody measures it. */
async function usage(patient: Patient, { MetricNamespace, MetricName, MetricDimensions = {} }: Usage) {
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
