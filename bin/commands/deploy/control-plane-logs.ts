import { DescribeLogGroupsCommand, PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import { messageOf } from '../../../lib/errors.ts';
import { type Aws, asProfile } from './aws.ts';

/**
 * Bounds what the control plane of a new cluster logs to `days`. EKS makes that log group itself, of no stack, and for
 * ever; one that somebody has bounded stays as it is. Answers what there is to tell a person.
 */
export async function boundControlPlaneLogs(
  aws: Pick<Aws, 'logs' | 'region' | 'profile'>,
  cluster: string,
  days: number,
): Promise<string | undefined> {
  const { logs, region } = aws;
  // Amazon EKS User Guide, "Send control plane logs to CloudWatch Logs".
  const logGroupName = `/aws/eks/${cluster}/cluster`;
  try {
    const asked = new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName });
    const { logGroups = [] } = await logs.send(asked);
    const found = logGroups.find((one) => one.logGroupName === logGroupName);
    if (found === undefined || found.retentionInDays !== undefined) return undefined;
    await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: days }));
    return `${logGroupName} is kept for ${days} days from now on`;
  } catch (error) {
    const command = `aws logs put-retention-policy --log-group-name ${logGroupName} --retention-in-days ${days} --region ${region}`;
    return `${logGroupName} is kept for ever (${messageOf(error)}). To bound it: ${asProfile(aws, command)}`;
  }
}
