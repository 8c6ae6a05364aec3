/** What EC2 knows of an account, as far as deploying asks. */
export interface Ec2Account {
  /** Names of zones to their ids, in the account's own mapping. */
  zones?: Record<string, string>;
  /** Ids of the zones that have a default subnet. */
  defaultSubnets?: string[];
  /** Rules of the security groups that stand in front of a cluster. */
  groupRules?: GroupRule[];
  /** Security groups that the pipeline's stack has made. */
  stackGroups?: string[];
  /** Whether whoever deploys may ask it at all. */
  isRefused?: boolean;
}

interface GroupRule {
  isEgress?: boolean;
  protocol?: 'tcp' | 'udp' | '-1';
  ports?: [number, number];
  from: { group: string } | { network: string };
}

/** The answer of EC2's query API to `action`; nothing for what is not its own. */
export function ec2Answer(action: string, account: Ec2Account = {}): [number, string] | undefined {
  const { zones = {}, defaultSubnets = [], groupRules = [], stackGroups = [] } = account;
  const answers: Record<string, () => string> = {
    DescribeAvailabilityZones: () =>
      set(
        'availabilityZoneInfo',
        Object.entries(zones).map(([name, id]) => tag('zoneName', name) + tag('zoneId', id)),
      ),
    DescribeSubnets: () =>
      set(
        'subnetSet',
        defaultSubnets.map((id) => tag('availabilityZoneId', id)),
      ),
    DescribeSecurityGroups: () =>
      set(
        'securityGroupInfo',
        stackGroups.map((id) => tag('groupId', id)),
      ),
    DescribeSecurityGroupRules: () => set('securityGroupRuleSet', groupRules.map(rule)),
  };
  const found = answers[action];
  if (found === undefined) return undefined;
  if (account.isRefused)
    return [
      403,
      '<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>you may not</Message></Error></Errors><RequestID>1</RequestID></Response>',
    ];
  return [200, `<${action}Response>${found()}</${action}Response>`];
}

const tag = (name: string, value: string | number) => `<${name}>${value}</${name}>`;

function set(name: string, items: readonly string[]): string {
  return tag(name, items.map((item) => tag('item', item)).join(''));
}

function rule({ isEgress = false, protocol = 'tcp', ports: [from, to] = [443, 443], from: who }: GroupRule) {
  return (
    tag('isEgress', String(isEgress)) +
    tag('ipProtocol', protocol) +
    tag('fromPort', protocol === '-1' ? -1 : from) +
    tag('toPort', protocol === '-1' ? -1 : to) +
    ('group' in who ? tag('referencedGroupInfo', tag('groupId', who.group)) : tag('cidrIpv4', who.network))
  );
}
