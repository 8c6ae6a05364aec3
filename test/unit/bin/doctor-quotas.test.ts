import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../bin/commands/doctor/finding.ts';
import { type Answers, HEALTHY, inEc2, stackXml } from './doctor-aws.ts';
import { doctorScene, wrong } from './doctor-scene.ts';

const { aws, look } = doctorScene();

describe('what a new cluster takes of the account', () => {
  const status = (of: string): Answers => ({
    DescribeStacks: (input) => {
      const name = new URLSearchParams(input).get('StackName') ?? '';
      if (name !== 'FairleadCluster') return HEALTHY.DescribeStacks?.(input);
      return of === '' ? new Error(`Stack with id ${name} does not exist`) : stackXml(name, { status: of });
    },
  });
  /** As an account of the usual size has them: addresses, VPCs, vCPUs. */
  const sizes: Record<string, number> = { 'L-0263D0A3': 5, 'L-F678F1CE': 5, 'L-1216C47A': 5 };
  const GetServiceQuota = (input: string) => ({
    Quota: { Value: sizes[/L-[0-9A-F]{8}/.exec(input)?.[0] ?? ''] ?? 1000 },
  });
  const quotas = (findings: readonly Finding[]) => wrong(findings).filter(({ about }) => about === 'quotas');

  test.each(['', 'ROLLBACK_COMPLETE'])(
    'is to be free before it is made (%s): each quota is named',
    async (of) => {
      const full = { DescribeAddresses: () => inEc2('Addresses', 4), DescribeVpcs: () => inEc2('Vpcs', 5) };
      expect(quotas(await look({ ...status(of), ...full, GetServiceQuota }))).toMatchObject([
        {
          says: expect.stringMatching(/^0 of 5 vCPUs .* 6 more/),
          remedy: expect.stringMatching(/L-1216C47A .* 10$/),
        },
        {
          says: '4 of 5 elastic IP addresses are in use, and 2 more are needed for the cluster',
          remedy: expect.stringMatching(/ec2 --quota-code L-0263D0A3 --desired-value 10$/),
        },
        {
          says: expect.stringContaining('5 of 5 VPCs'),
          remedy: expect.stringMatching(/vpc --quota-code L-F678F1CE/),
        },
      ]);
    },
  );

  test('is enough, where that is free', async () => {
    const enough = { DescribeAddresses: () => inEc2('Addresses', 3), DescribeVpcs: () => inEc2('Vpcs', 4) };
    const roomy = (input: string) => (/1216C/.test(input) ? { Quota: { Value: 6 } } : GetServiceQuota(input));
    expect(quotas(await look({ ...status(''), ...enough, GetServiceQuota: roomy }))).toEqual([]);
  });

  test('is no question once it is there, but for its nodes', async () => {
    const full = { DescribeAddresses: () => inEc2('Addresses', 5), DescribeVpcs: () => inEc2('Vpcs', 5) };
    expect(quotas(await look({ ...full, GetServiceQuota }))).toMatchObject([
      { says: '5 vCPUs of on-demand instances (standard), and 6 are needed' },
    ]);
    expect(aws.asked).not.toContain('DescribeAddresses');
  });

  test('is looked for among AWS’s defaults, where the account has none of its own', async () => {
    const none = () => Object.assign(new Error('none'), { name: 'NoSuchResourceException' });
    const answers = { GetServiceQuota: none, GetAWSDefaultServiceQuota: GetServiceQuota };
    const full = { DescribeAddresses: () => inEc2('Addresses', 5) };
    expect(quotas(await look({ ...status(''), ...full, ...answers })).map(({ says }) => says)).toContain(
      '5 of 5 elastic IP addresses are in use, and 2 more are needed for the cluster',
    );
  });
});
