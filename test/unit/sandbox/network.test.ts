import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { expect, it } from 'vitest';
import { relayNames } from '../../../lib/sandbox/dns-relay.ts';
import { firewallRules, subnetOf } from '../../../lib/sandbox/firewall.ts';
import { nameServers } from '../../../lib/sandbox/network.ts';

it('gives each pair a network that no other has', () => {
  const all = new Set(Array.from({ length: 32_768 }, (_, number) => subnetOf(number).subnet));
  expect(all.size).toBe(32_768);
  expect(subnetOf(0)).toEqual({ subnet: '198.18.0.0/30', gateway: '198.18.0.1', address: '198.18.0.2' });
  expect(subnetOf(32_767).address).toBe('198.19.255.254');
});

it('refuses before it allows, but for questions to name servers, and takes away what it adds', () => {
  const { add, remove } = firewallRules({
    number: 7,
    subnet: '198.18.0.28/30',
    resolvers: ['169.254.169.253'],
    blocked: ['169.254.0.0/16'],
  });
  const out = add.split('\n').filter((line) => line.startsWith('-A fairlead-7-out'));
  expect(out.map((line) => line.replace('-A fairlead-7-out ', ''))).toEqual([
    '! -s 198.18.0.28/30 -j DROP',
    '-d 169.254.169.253 -p udp --dport 53 -j ACCEPT',
    '-d 169.254.169.253 -p tcp --dport 53 -j ACCEPT',
    '-d 169.254.0.0/16 -j DROP',
    '-o fl+ -j DROP',
    '-j ACCEPT',
  ]);
  expect(add).toContain('-A fairlead-7-in -j DROP\n');
  const added = [...add.matchAll(/^-I (\S+) 1 (.*)$|^-A (POSTROUTING) (.*)$/gm)].map(
    ([, chain, rule, nat, natRule]) => `-D ${chain ?? nat} ${rule ?? natRule}`,
  );
  expect(added).toHaveLength(4);
  for (const rule of added) expect(remove.split('\n')).toContain(rule);
});

it('reads the IPv4 name servers of a resolv.conf', () => {
  expect(
    nameServers(
      '# nameserver 9.9.9.9\nsearch x\nnameserver 127.0.0.53\n nameserver fe80::1\nnameserver 1.1.1.1 \n',
    ),
  ).toEqual(['127.0.0.53', '1.1.1.1']);
});

/** A server that answers by datagrams and streams at one port: what is free for the one may be taken for the other. */
async function serverOfNames(): Promise<{ server: Socket; streams: Server; port: number }> {
  const streams = createServer((socket) =>
    socket.on('data', (question) => socket.end(`answer to ${question}`)),
  );
  streams.listen(0, '127.0.0.1');
  await once(streams, 'listening');
  const { port } = streams.address() as AddressInfo;
  const server = createSocket('udp4');
  server.on('message', (question, { port: from, address }) =>
    server.send(`answer to ${question}`, from, address),
  );
  server.bind(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return { server, streams, port };
  } catch {
    server.close();
    streams.close();
    return await serverOfNames();
  }
}

it('passes questions for names on to a server on the loopback, by datagrams and streams', async () => {
  const { server, streams, port } = await serverOfNames();
  const free = createServer().listen(0, '127.0.0.2');
  await once(free, 'listening');
  const { port: from } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const relay = await relayNames('127.0.0.1', '127.0.0.2', port, from);
  const asker = createSocket('udp4');
  asker.send('one', from, '127.0.0.2');
  expect(String((await once(asker, 'message'))[0])).toBe('answer to one');
  const stream = connect(from, '127.0.0.2');
  stream.write('two');
  expect(String((await once(stream, 'data'))[0])).toBe('answer to two');
  for (const socket of [asker, server]) socket.close();
  stream.destroy();
  streams.close();
  relay.close();
});
