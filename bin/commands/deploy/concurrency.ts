import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { FairleadError } from '../../../lib/errors.ts';
import { SET_APART, UNRESERVED } from '../../../lib/stacks/limits.ts';
import { type Aws, asProfile } from './aws.ts';
import { outputsOf } from './stack-outputs.ts';

/** "Lambda quotas", concurrent executions (L-B99A9384). */
export const CONCURRENCY_QUOTA = { service: 'lambda', code: 'L-B99A9384' } as const;

/** What an account of the usual size has. */
const USUAL = 1000;

/** Throws `deploy/little-concurrency` where Lambda would refuse to set apart what the functions are to have. */
export async function checkConcurrency(aws: Aws): Promise<void> {
  const { cloudFormation, lambda, region } = aws;
  const { AccountLimit = {} } = await lambda.send(new GetAccountSettingsCommand({}));
  const { ConcurrentExecutions: all = USUAL, UnreservedConcurrentExecutions: left = all } = AccountLimit;
  if (left >= SET_APART + UNRESERVED) return;
  // Of an installation that is there, its own share is not among what is left.
  const installed = await outputsOf(cloudFormation, 'FairleadPipeline');
  if (installed?.WebhookUrl !== undefined && left >= UNRESERVED) return;
  const { service, code } = CONCURRENCY_QUOTA;
  const ask = `aws service-quotas request-service-quota-increase --region ${region} --service-code ${service} --quota-code ${code} --desired-value ${USUAL}`;
  throw new FairleadError({
    code: 'deploy/little-concurrency',
    operation: `looking at how many functions may run at once in ${region}`,
    cause: `${left} of the account's ${all} are not set apart, and ${SET_APART} for Fairlead beside the ${UNRESERVED} that Lambda keeps for all others are more`,
    remedy: `write concurrency: 'shared' in fairlead.config.ts, or ask for more and wait until you have it: ${asProfile(aws, ask)}`,
  });
}
