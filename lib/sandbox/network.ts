import { randomInt } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type NameRelay, relayNames } from './dns-relay.ts';
import { command, firewallRules, restore, subnetOf, sweepFirewall } from './firewall.ts';
import { isGone, owner } from './owner.ts';

/**
 * A network for one command: a pair of devices with translated addresses (NAT), IPv4 only. From it the internet and
 * this machine's networks are reached, and the name servers; not this machine itself by any of its addresses, nor its
 * loopback, nor link-local addresses, where clouds have the metadata and credentials of the machine, nor other commands.
 */
export interface Network {
  /** The device that goes into the command's namespace. */
  peer: string;
  address: string;
  gateway: string;
  /** Addresses that are refused at once, and not only not answered. */
  prohibited: readonly string[];
  /** Addresses below those that are allowed all the same. */
  allowed: readonly string[];
  /** The text of /etc/resolv.conf for the command. */
  resolvConf: string;
  release(): Promise<void>;
}

/** Link-local: metadata of EC2 (169.254.169.254) and ECS (169.254.170.2), the Runtime API of some Lambda sandboxes. */
const LINK_LOCAL = '169.254.0.0/16';

const MOST_PAIRS = 32_768;

/** Before its first network a process takes away what others left. */
let swept: Promise<void> | undefined;

/** Makes a network; the caller gives it back with `release`. Throws an Error that says what is missing. */
export async function makeNetwork(resolvConf = readResolvConf()): Promise<Network> {
  swept ??= sweepPairs().then(sweepFirewall);
  await swept;
  const number = await makePair();
  const { subnet, gateway, address } = subnetOf(number);
  const device = `fl${number}`;
  let relay: NameRelay | undefined;
  let rules: { add: string; remove: string } | undefined;
  const release = async () => {
    relay?.close();
    await command('ip', ['link', 'del', device]).catch(() => undefined);
    if (rules !== undefined) await restore(rules.remove).catch(() => undefined);
  };
  try {
    // Else this machine would have a second address here, which the rules below do not know.
    withoutIPv6(device);
    const commands = [
      `link set ${device} alias "${ALIAS}${owner()}"`,
      `addr add ${gateway}/30 dev ${device}`,
      `link set ${device} up`,
    ];
    await command('ip', ['-batch', '-'], `${commands.join('\n')}\n`);
    const named = nameServers(resolvConf);
    const onLoopback = named.find(isLoopback);
    if (onLoopback !== undefined) relay = await relayNames(onLoopback, gateway);
    const resolvers = [...new Set(named.map((server) => (isLoopback(server) ? gateway : server)))];
    const found = firewallRules({ number, subnet, resolvers, blocked: [LINK_LOCAL] });
    await restore(found.add);
    rules = found;
    forward();
    return {
      peer: `${device}p`,
      address,
      gateway,
      prohibited: [
        LINK_LOCAL,
        ...ownAddresses().filter((own) => !resolvers.includes(own) && own !== gateway),
      ],
      allowed: resolvers.filter((server) => server !== gateway),
      resolvConf: withServers(resolvConf, resolvers),
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Begins the alias of a device, which goes on with whose it is. */
const ALIAS = 'fairlead ';

/** Devices of processes that were killed before the other end was in a namespace, with which both would have gone. */
export async function sweepPairs(): Promise<void> {
  for (const name of readdirSync('/sys/class/net').filter((name) => /^fl\d+$/.test(name))) {
    const alias = aliasOf(name);
    if (alias.startsWith(ALIAS) && isGone(alias.slice(ALIAS.length)))
      await command('ip', ['link', 'del', name]).catch(() => undefined);
  }
}

function aliasOf(device: string): string {
  try {
    return readFileSync(`/sys/class/net/${device}/ifalias`, 'utf8').trim();
  } catch {
    return '';
  }
}

// The name of a device is there once on a machine, and so keeps the addresses that belong to it.
async function makePair(): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const number = randomInt(MOST_PAIRS);
    const name = `fl${number}`;
    try {
      await command('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`]);
      return number;
    } catch (error) {
      if (attempt > 10 || !String(error).includes('File exists')) throw error;
    }
  }
}

function withoutIPv6(device: string): void {
  const file = `/proc/sys/net/ipv6/conf/${device}/disable_ipv6`;
  if (existsSync(file)) writeFileSync(file, '1');
}

function forward(): void {
  const file = '/proc/sys/net/ipv4/ip_forward';
  if (readFileSync(file, 'utf8').trim() !== '1') writeFileSync(file, '1');
}

function ownAddresses(): string[] {
  return Object.entries(networkInterfaces()).flatMap(([, addresses = []]) =>
    addresses.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  );
}

function readResolvConf(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return '';
  }
}

/** The IPv4 name servers of a resolv.conf(5). */
export function nameServers(resolvConf: string): string[] {
  const found = [...resolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server = '']) => server);
  return found.filter((server) => isIPv4(server));
}

/** The same configuration with other name servers. */
function withServers(resolvConf: string, servers: readonly string[]): string {
  const others = resolvConf
    .split('\n')
    .filter((line) => !/^\s*nameserver\s/.test(line) && line.trim() !== '');
  return [...servers.map((server) => `nameserver ${server}`), ...others, ''].join('\n');
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.');
}
