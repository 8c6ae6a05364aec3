import {
  DescribePullThroughCacheRulesCommand,
  DescribeRepositoryCreationTemplatesCommand,
  type ECRClient,
} from '@aws-sdk/client-ecr';
import { FairleadError } from '../../../lib/errors.ts';
import { type Aws, asProfile } from './aws.ts';
import { outputsOf } from './stack-outputs.ts';

/** As in lib/stacks/registry-stack.ts. */
const [CACHE, TEMPLATE] = ['docker.io', 'fairlead'];

/**
 * Throws `deploy/registry-of-others` where the account has what the registry stack makes, and no stack made it: of each
 * prefix ECR has one in a region.
 */
export async function checkRegistry(aws: Aws): Promise<void> {
  const { cloudFormation, ecr, region } = aws;
  if ((await outputsOf(cloudFormation, 'FairleadRegistry')) !== undefined) return;
  const found = [...(await cacheThere(ecr)), ...(await templateThere(ecr))];
  if (found.length === 0) return;
  const away = found.map(({ command }) => asProfile(aws, `aws ecr ${command} --region ${region}`));
  throw new FairleadError({
    code: 'deploy/registry-of-others',
    operation: `looking at what ECR has in ${region}`,
    cause: `there is already ${found.map(({ what }) => what).join(', and ')}, which the stack FairleadRegistry would make`,
    remedy: `where nobody else needs it (repositories and images stay): ${away.join(' && ')}`,
  });
}

interface Found {
  what: string;
  command: string;
}

async function cacheThere(ecr: ECRClient): Promise<Found[]> {
  const { pullThroughCacheRules = [] } = await ecr.send(new DescribePullThroughCacheRulesCommand({}));
  return pullThroughCacheRules
    .filter(({ ecrRepositoryPrefix }) => ecrRepositoryPrefix === CACHE)
    .map(({ upstreamRegistryUrl = 'somewhere' }) => ({
      what: `a pull-through cache ${CACHE} of ${upstreamRegistryUrl}`,
      command: `delete-pull-through-cache-rule --ecr-repository-prefix ${CACHE}`,
    }));
}

async function templateThere(ecr: ECRClient): Promise<Found[]> {
  const { repositoryCreationTemplates = [] } = await ecr.send(
    new DescribeRepositoryCreationTemplatesCommand({}),
  );
  return repositoryCreationTemplates
    .filter(({ prefix }) => prefix === TEMPLATE)
    .map(() => ({
      what: `a repository creation template ${TEMPLATE}`,
      command: `delete-repository-creation-template --prefix ${TEMPLATE}`,
    }));
}
