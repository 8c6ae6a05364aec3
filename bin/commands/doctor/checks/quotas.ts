import type { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SET_APART, UNRESERVED } from '../../../../lib/stacks/limits.ts';
import { CONCURRENCY_QUOTA } from '../../deploy/concurrency.ts';
import { absent, type Finding, notOk, ok } from '../finding.ts';
import type { Check, Patient } from '../patient.ts';
import { STACKS } from '../stacks.ts';
import { addressesInUse, type Usage, usage, vpcsInUse } from './in-use.ts';

/** A quota, and what is to be had of it: so much in all, or so much beside what others have. */
interface Quota {
  service: string;
  code: string;
  name: string;
  needs: { inAll: number } | { free: number };
  /** How much is in use, where no metric says it. */
  inUse?: (patient: Patient) => Promise<number>;
}

/** A push uses up to four at a time. New accounts begin with 10. */
const SHARED = 10;

/** Processors: two of the smallest nodes, which have two each, and a third one while pods of two releases run. */
const NODES = 6;

/** Codes as `aws service-quotas list-service-quotas` gives them. */
function quotasFor(patient: Patient): readonly Quota[] {
  const { concurrency, cluster } = patient.config;
  return [
    {
      ...CONCURRENCY_QUOTA,
      name: `concurrent executions of functions (concurrency: '${concurrency}')`,
      needs: { inAll: concurrency === 'shared' ? SHARED : SET_APART + UNRESERVED },
    },
    { service: 'ecr', code: 'L-CFEB8E8D', name: 'repositories', needs: { inAll: 100 } },
    ...(cluster.is === 'new' ? quotasOfCluster(patient, cluster.natGateways) : []),
  ];
}

/** What a new cluster takes. Once it is there it has that, and there need be no more. */
function quotasOfCluster(patient: Patient, natGateways: number): readonly Quota[] {
  const nodes = { service: 'ec2', code: 'L-1216C47A', name: 'vCPUs of on-demand instances (standard)' };
  if (isMade(patient)) return [{ ...nodes, needs: { inAll: NODES } }];
  const addresses = { service: 'ec2', code: 'L-0263D0A3', name: 'elastic IP addresses' };
  return [
    { ...nodes, needs: { free: NODES } },
    { service: 'eks', code: 'L-1194D53C', name: 'clusters', needs: { free: 1 } },
    // Each NAT gateway has one.
    { ...addresses, needs: { free: natGateways }, inUse: addressesInUse },
    { service: 'vpc', code: 'L-F678F1CE', name: 'VPCs', needs: { free: 1 }, inUse: vpcsInUse },
  ];
}

/** Whether the stack of the cluster has its resources: one that was taken back has none. */
function isMade({ stacks }: Patient): boolean {
  const status = stacks.find(({ name }) => name === STACKS.cluster)?.status;
  return status !== undefined && !/^(ROLLBACK|DELETE|REVIEW)_/.test(status);
}

/** How much of a quota may be in use before it is worth a word. */
const NEAR = 0.8;

export const quotas: Check = {
  about: 'quotas',
  needs: [
    ...['servicequotas:GetServiceQuota', 'servicequotas:GetAWSDefaultServiceQuota'],
    ...['cloudwatch:GetMetricStatistics', 'ec2:DescribeAddresses', 'ec2:DescribeVpcs'],
  ],
  async look(patient) {
    if (patient.settings('SERVICE_QUOTAS') === undefined) return [absent('quotas', 'there are none here')];
    return (await Promise.all(quotasFor(patient).map((quota) => lookAt(patient, quota)))).flat();
  },
};

async function lookAt(patient: Patient, { service, code, name, needs, inUse }: Quota): Promise<Finding[]> {
  const { ServiceQuotasClient } = await import('@aws-sdk/client-service-quotas');
  const client = new ServiceQuotasClient(patient.settings('SERVICE_QUOTAS') ?? {});
  const { Value: value, UsageMetric = {} } = await quotaOf(client, { ServiceCode: service, QuotaCode: code });
  if (value === undefined) return [];
  const used = await (inUse?.(patient) ?? usage(patient, UsageMetric));
  const wanted = 'free' in needs ? needs.free + (used ?? 0) : needs.inAll;
  const remedy = `aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${Math.max(wanted, value * 2)}`;
  if (value < wanted) {
    const says =
      'free' in needs
        ? `${used ?? 0} of ${value} ${name} are in use, and ${needs.free} more are needed for the cluster`
        : `${value} ${name}, and ${wanted} are needed`;
    return [notOk('quotas', says, remedy)];
  }
  if (inUse === undefined && used !== undefined && used > value * NEAR)
    return [notOk('quotas', `${used} of ${value} ${name} were in use within a day`, remedy)];
  return [ok('quotas', `${name}: ${used === undefined ? '' : `${used} of `}${value}`)];
}

/** One that nobody has changed is, in some regions, not listed as the account's own, but with AWS's defaults. */
async function quotaOf(
  client: ServiceQuotasClient,
  asked: { ServiceCode: string; QuotaCode: string },
): Promise<{ Value?: number; UsageMetric?: Usage }> {
  const { GetAWSDefaultServiceQuotaCommand, GetServiceQuotaCommand } = await import(
    '@aws-sdk/client-service-quotas'
  );
  const none = (error: Error) => {
    if (error.name === 'NoSuchResourceException') return { Quota: undefined };
    throw error;
  };
  const own = await client.send(new GetServiceQuotaCommand(asked)).catch(none);
  const { Quota } = own.Quota
    ? own
    : await client.send(new GetAWSDefaultServiceQuotaCommand(asked)).catch(none);
  return Quota ?? {};
}
