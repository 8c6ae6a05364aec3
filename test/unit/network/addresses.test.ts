import { createServer } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isForbiddenAddress } from '../../../lib/network/addresses.ts';
import { checkUrl, guardedLookup } from '../../../lib/network/policy.ts';

describe('isForbiddenAddress', () => {
  it.each([
    ...['127.0.0.1', '127.255.1.2', '0.0.0.0', '0.1.2.3', '169.254.169.254', '169.254.170.2', '224.0.0.1'],
    ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fd00:ec2::254', 'fd00:ec2::23', 'ff02::1'],
    ...['::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '::127.0.0.1', '64:ff9b::169.254.169.254', '2002:7f00:1::'],
    ...['0:0:0:0:0:ffff:7f00:1', '::ffff:0:127.0.0.1', 'localhost', ''],
  ])('holds of %s', (address) => {
    expect(isForbiddenAddress(address)).toBe(true);
  });

  it.each([
    ...['10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', '8.8.8.8', '126.255.255.255', '128.0.0.1'],
    ...['169.253.255.255', '169.255.0.0', '2001:db8::1', 'fd00::1', 'fd00:ec3::1', '::ffff:10.0.0.1'],
    ...['64:ff9b::8.8.8.8', '2002:808:808::1'],
  ])('does not hold of %s', (address) => {
    expect(isForbiddenAddress(address)).toBe(false);
  });

  it('judges an IPv4 address alike in all its IPv6 spellings', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const plain = isForbiddenAddress(address);
        const spellings = [`::ffff:${address}`, `0:0:0:0:0:ffff:${address}`, `64:ff9b::${address}`];
        for (const spelling of spellings) expect(isForbiddenAddress(spelling)).toBe(plain);
      }),
      { numRuns: 300 },
    );
  });
});

describe('checkUrl', () => {
  const local = { refuse: 'local-addresses' } as const;
  it.each([
    ...['http://127.0.0.1/', 'http://2130706433/', 'http://0x7f.1/', 'http://0177.0.0.1/', 'http://0/'],
    ...['http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://localhost:80/', 'http://a.localhost./'],
    ...['http://169.254.169.254/latest/meta-data/', 'http://[fd00:ec2::254]/', 'http://①⑥⑨.254.169.254/'],
  ])('refuses %s', (url) => {
    expect(() => checkUrl(new URL(url), local)).toThrow(/must not reach/);
    expect(() => checkUrl(new URL(url), { refuse: 'nothing' })).not.toThrow();
  });

  it('leaves names and other addresses alone', () => {
    for (const url of ['https://example.com/', 'http://10.1.2.3/', 'http://[2001:db8::1]/'])
      expect(() => checkUrl(new URL(url), local)).not.toThrow();
  });
});

describe('guardedLookup', () => {
  it('refuses a name by what it resolves to, when it is connected to', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const failed = new Promise((resolve) => {
      const lookup = guardedLookup({ refuse: 'local-addresses' });
      if (lookup === undefined) throw new Error('there is no guard');
      connect({ host: 'localhost', port, lookup }).once('error', resolve).once('connect', resolve);
    });
    expect(String(await failed)).toMatch(/localhost.*must not reach/);
    server.close();
    expect(guardedLookup({ refuse: 'nothing' })).toBeUndefined();
  });
});
