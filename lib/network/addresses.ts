import { BlockList, isIP } from 'node:net';

/**
 * What a build on AWS must not reach: this machine, its neighbours on the link, and those who give out credentials
 * (the instance metadata service, the container credential endpoint, the Runtime API). Private networks are not among
 * them: registries and git hosts may well be there.
 */
const FORBIDDEN: readonly [network: string, prefix: number][] = [
  ['0.0.0.0', 8], // "this host" (RFC 1122, section 3.2.1.3); Linux takes it for loopback
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local, with 169.254.169.254 and 169.254.170.2
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['fd00:ec2::', 32], // the metadata, DNS and time services of EC2 over IPv6
];

const forbidden = new BlockList();
for (const [network, prefix] of FORBIDDEN)
  forbidden.addSubnet(network, prefix, network.includes(':') ? 'ipv6' : 'ipv4');

/**
 * Whether an address may not be connected to where local addresses are refused. An IPv6 address that stands for an
 * IPv4 one (`::ffff:a.b.c.d`, `::a.b.c.d`, 64:ff9b::/96, 2002::/16) is judged by that as well. Text that is no address
 * counts as forbidden: whoever asks is about to connect to it. Pure.
 */
export function isForbiddenAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, '');
  const family = isIP(plain);
  if (family === 4) return forbidden.check(plain, 'ipv4');
  if (family !== 6) return true;
  if (forbidden.check(plain, 'ipv6')) return true;
  const inside = embedded(groupsOf(plain));
  return inside !== undefined && forbidden.check(inside, 'ipv4');
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [, front = '', a, b, c, d] = dotted ?? [];
  const hex = (high: unknown, low: unknown) => (Number(high) * 256 + Number(low)).toString(16);
  const text = dotted === null ? address : `${front}${hex(a, b)}:${hex(c, d)}`;
  const [before = '', after] = text.split('::');
  const parse = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const head = parse(before);
  if (after === undefined) return head;
  const tail = parse(after);
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** The IPv4 address that an IPv6 address stands for (RFC 4291 section 2.5.5, RFC 6052, RFC 8215, RFC 3056). */
function embedded(groups: readonly number[]): string | undefined {
  const begins = (...prefix: number[]) => prefix.every((group, index) => groups[index] === group);
  const at = (index: number) => {
    const [high = 0, low = 0] = groups.slice(index, index + 2);
    return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  };
  if (begins(0x2002)) return at(1);
  const isMapped = begins(0, 0, 0, 0, 0) && [0, 0xffff].includes(groups[5] ?? -1);
  const isTranslated =
    begins(0, 0, 0, 0, 0xffff, 0) || begins(0x64, 0xff9b, 0, 0, 0, 0) || begins(0x64, 0xff9b, 1);
  return isMapped || isTranslated ? at(6) : undefined;
}
