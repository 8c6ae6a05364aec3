import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { SYSTEM_PATH } from './spawn.ts';

/** What rules of one RUN are about. */
export interface FirewallInput {
  /** The number of the device `fl<number>`, this machine's end of the pair. */
  number: number;
  /** The network of the pair. */
  subnet: string;
  /** Name servers, which may be asked wherever they are; only that. */
  resolvers: readonly string[];
  /** Networks that must not be reached from RUN. */
  blocked: readonly string[];
}

/** The rules as iptables-restore(8) reads them: to add them, and to take exactly them away again. Pure. */
export function firewallRules(input: FirewallInput): { add: string; remove: string } {
  const { number, subnet, resolvers, blocked } = input;
  const device = `fl${number}`;
  const [out, into] = [`fairlead-${number}-out`, `fairlead-${number}-in`];
  const ask = resolvers.flatMap((address) =>
    ['udp', 'tcp'].map((protocol) => `-d ${address} -p ${protocol} --dport 53 -j ACCEPT`),
  );
  const jumps = [
    // What leaves this machine on the way of a packet of the RUN, and what is for this machine itself.
    `FORWARD -i ${device} -j ${out}`,
    `FORWARD ! -i fl+ -o ${device} -j ACCEPT`,
    `INPUT -i ${device} -j ${into}`,
  ];
  const nat = `POSTROUTING -s ${subnet} ! -o fl+ -j MASQUERADE`;
  const add = [
    '*nat',
    `-A ${nat}`,
    'COMMIT',
    '*filter',
    ...[out, into].map((chain) => `:${chain} - [0:0]`),
    `-A ${out} ! -s ${subnet} -j DROP`,
    ...ask.map((rule) => `-A ${out} ${rule}`),
    ...blocked.map((network) => `-A ${out} -d ${network} -j DROP`),
    `-A ${out} -o fl+ -j DROP`,
    `-A ${out} -j ACCEPT`,
    ...ask.map((rule) => `-A ${into} ${rule}`),
    `-A ${into} -j DROP`,
    ...jumps.map((rule) => `-I ${rule.replace(' ', ' 1 ')}`),
    'COMMIT',
  ];
  const chains = [out, into];
  const remove = [
    '*nat',
    `-D ${nat}`,
    'COMMIT',
    '*filter',
    ...jumps.map((rule) => `-D ${rule}`),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
    'COMMIT',
  ];
  return { add: `${add.join('\n')}\n`, remove: `${remove.join('\n')}\n` };
}

/** Hands rules to iptables-restore, which takes all of a table or nothing. */
export async function restore(rules: string): Promise<void> {
  await command('iptables-restore', ['--noflush', '-w', '10'], rules);
}

/** Takes away what builds left behind that were killed: the rules of devices that are not there any more. */
export async function sweepFirewall(): Promise<void> {
  const saved = await command('iptables-save', []);
  const numbers = [...saved.matchAll(/^:fairlead-(\d+)-out /gm)].map(([, number]) => Number(number));
  for (const number of numbers) {
    if (existsSync(`/sys/class/net/fl${number}`)) continue;
    const { remove } = firewallRules({ number, subnet: subnetOf(number).subnet, resolvers: [], blocked: [] });
    await restore(remove).catch(() => undefined);
  }
}

/** The addresses of pair `number`, from the network for tests of network devices (RFC 2544), which nobody routes. */
export function subnetOf(number: number): { subnet: string; gateway: string; address: string } {
  const at = (host: number) => {
    const low = number * 4 + host;
    return `198.${18 + (low >> 16)}.${(low >> 8) & 255}.${low & 255}`;
  };
  return { subnet: `${at(0)}/30`, gateway: at(1), address: at(2) };
}

/** Runs a program to its end and answers what it wrote. Throws an Error with what it complained of. */
export async function command(file: string, args: string[], input = ''): Promise<string> {
  const child = spawn(file, args, { env: { PATH: SYSTEM_PATH }, stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.error += text;
  });
  child.stdin.on('error', () => undefined).end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return said.out;
  throw new Error(`${file} ended with exit code ${code}: ${said.error.trim()}`);
}
