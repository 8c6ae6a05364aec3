import type { Answers } from './answers.ts';

/** What was said on the command line, as commander gives it. */
export interface Flags {
  repository?: string[];
  host?: string;
  branch?: string;
  staging?: string;
  environment?: string[];
  previews?: string;
  region?: string[];
  cluster?: string;
  endpoint?: string;
  vpc?: string;
  subnet?: string[];
  securityGroup?: string[];
  loadBalancers?: string;
  platform?: string;
  email?: string[];
  budget?: string;
  yes?: boolean;
  force?: boolean;
}

/** The answers that flags give. What cannot be is found out when all is checked. */
export function answersOf(flags: Flags): Answers {
  const { repository, host, branch, staging, environment, previews, region, cluster } = flags;
  const { endpoint, vpc, subnet, securityGroup, loadBalancers, platform, email, budget } = flags;
  const said = {
    repositories: repository,
    host,
    branch,
    // Whoever names other environments has thought of this one, too.
    staging: staging ?? (environment === undefined ? undefined : ''),
    environments: environment,
    previews,
    regions: region,
    cluster,
    endpoint,
    vpc,
    subnets: subnet,
    securityGroups: securityGroup,
    loadBalancers,
    platform,
    email,
    budget,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as Answers;
}
