import {
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  type SecurityGroupRule,
} from '@aws-sdk/client-ec2';
import type { VpcConfigResponse } from '@aws-sdk/client-eks';
import type { ExistingCluster } from '../../../lib/config/config.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { type Aws, asProfile } from './aws.ts';
import { ifAllowed } from './ec2.ts';

const EVERYWHERE = '0.0.0.0/0';
const HTTPS = 443;

/**
 * Throws `deploy/endpoint-closed`, `deploy/not-let-in` where the function that rolls out would not reach the API of a
 * cluster that is there: each rollout would end by its time.
 */
export async function checkEndpoint(
  aws: Aws,
  cluster: ExistingCluster,
  found: VpcConfigResponse,
): Promise<void> {
  if (cluster.endpoint === 'private') return await checkLetIn(aws, cluster, found);
  const { endpointPublicAccess = true, publicAccessCidrs: from = [] } = found;
  if (endpointPublicAccess && (from.length === 0 || from.includes(EVERYWHERE))) return;
  throw fault(aws, cluster.name, {
    code: 'deploy/endpoint-closed',
    cause: `${
      endpointPublicAccess
        ? `its public endpoint answers ${from.join(', ')} only`
        : 'it has no public endpoint'
    }, and with endpoint: '${cluster.endpoint}' the function that rolls out asks it from the internet`,
    remedy: `${turnOn(aws, cluster.name, found)}write endpoint: 'private', ${settingsFrom(found)} in cluster.existing of fairlead.config.ts; leave out subnets that are public, from which a function reaches nothing`,
  });
}

/** Nodes may do without it where NAT gateways are among the addresses that are let in; a function is sure to with it. */
function turnOn(aws: Aws, name: string, { endpointPrivateAccess = true }: VpcConfigResponse): string {
  if (endpointPrivateAccess) return '';
  const command = `aws eks update-cluster-config --name ${name} --region ${aws.region} --resources-vpc-config endpointPrivateAccess=true`;
  return `${asProfile(aws, command)}; then `;
}

/** What EKS knows of the cluster, as fairlead.config.ts takes it. The cluster's own group lets itself in. */
function settingsFrom({ vpcId, subnetIds = [], clusterSecurityGroupId }: VpcConfigResponse): string {
  const ids = subnetIds.map((id) => `'${id}'`).join(', ');
  return `vpc: '${vpcId}', subnets: [${ids}], securityGroups: ['${clusterSecurityGroupId}']`;
}

/** In front of a private endpoint are the group that EKS made and those that were added: one has to let the function in. */
async function checkLetIn(aws: Aws, cluster: ExistingCluster, found: VpcConfigResponse): Promise<void> {
  const { clusterSecurityGroupId: own, securityGroupIds: added = [] } = found;
  if (own === undefined) return;
  const rules = await ifAllowed(
    aws.ec2.send(
      new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [own, ...added] }] }),
    ),
  );
  if (rules === undefined) return;
  const groups = cluster.securityGroups.length > 0 ? cluster.securityGroups : await groupsOfStack(aws);
  if ((rules.SecurityGroupRules ?? []).some((rule) => letsIn(rule, groups))) return;
  const named = cluster.securityGroups.length > 0;
  throw fault(aws, cluster.name, {
    code: 'deploy/not-let-in',
    cause: `${named ? cluster.securityGroups.join(', ') : 'the security group that the function that rolls out would get'} is let in to its endpoint by no rule of ${[own, ...added].join(', ')} on port ${HTTPS}`,
    remedy: `write securityGroups: ['${own}'] in cluster.existing of fairlead.config.ts, which lets itself in, or name one of your own and let it in: ${asProfile(aws, `aws ec2 authorize-security-group-ingress --region ${aws.region} --group-id ${own} --protocol tcp --port ${HTTPS} --source-group ${named ? cluster.securityGroups[0] : 'sg-…'}`)}`,
  });
}

/** The group that a pipeline without one has made for itself, which somebody may have let in. */
async function groupsOfStack({ ec2 }: Aws): Promise<string[]> {
  const Filters = [{ Name: 'tag:aws:cloudformation:stack-name', Values: ['FairleadPipeline'] }];
  const found = await ifAllowed(ec2.send(new DescribeSecurityGroupsCommand({ Filters })));
  return (found?.SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId ?? []);
}

/** Whether a rule takes connections from one of `groups`. Of networks that are let in, the function's may be one. */
function letsIn(rule: SecurityGroupRule, groups: readonly string[]): boolean {
  if (rule.IsEgress === true) return false;
  const { IpProtocol, FromPort = -1, ToPort = -1, ReferencedGroupInfo, CidrIpv4, PrefixListId } = rule;
  const isPort = IpProtocol === '-1' || (IpProtocol === 'tcp' && FromPort <= HTTPS && HTTPS <= ToPort);
  const isNetwork = CidrIpv4 !== undefined || PrefixListId !== undefined;
  return isPort && (isNetwork || groups.includes(ReferencedGroupInfo?.GroupId ?? ''));
}

function fault(
  { region }: Aws,
  name: string,
  told: { code: string; cause: string; remedy: string },
): FairleadError {
  return new FairleadError({
    operation: `looking at how the EKS cluster ${name} in ${region} is reached`,
    ...told,
  });
}
