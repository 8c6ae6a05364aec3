import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Able, probeSandbox } from '../../../lib/sandbox/ability.ts';
import { make, shellImage, shellWorkshop } from './shell-image.ts';

const { scratch, can, run } = await shellWorkshop();
afterAll(() => scratch.close());
const ability = can ? ((await probeSandbox(scratch.root)) as Able) : undefined;

const OWN = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

describe.skipIf(!can || ability?.network !== 'own')(
  'the network of RUN, as root with iproute2 and iptables',
  () => {
    const servers: Server[] = [];
    let port = 0;

    beforeAll(async () => {
      const server = createServer((socket) => socket.end('reached\n'));
      await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
      port = (server.address() as { port: number }).port;
      const abstract = createServer((socket) => socket.end('reached\n'));
      await new Promise<void>((resolve) => abstract.listen(`\0fairlead-${port}`, resolve));
      servers.push(server, abstract);
      execFileSync('ip', ['addr', 'add', '169.254.169.254/32', 'dev', 'lo']);
    });
    afterAll(() => {
      for (const server of servers) server.close();
      execFileSync('ip', ['addr', 'del', '169.254.169.254/32', 'dev', 'lo']);
    });

    it('reaches neither this machine’s loopback, its addresses, its sockets, nor the instance metadata', async () => {
      const gateway = '$(ip route | sed -n "s/default via \\([0-9.]*\\).*/\\1/p")';
      const hosts = ['127.0.0.1', OWN, '169.254.169.254', '169.254.170.2', gateway];
      const tries = hosts.map(
        (host) => `(nc -w 2 ${host} ${port} </dev/null 2>&1 || echo refused) | head -1`,
      );
      const { said } = await run(`RUN ${tries.join('; ')}; grep -c fairlead- /proc/net/unix || true`);
      expect(said.slice(0, hosts.length).every((line) => !line.includes('reached'))).toBe(true);
      expect(said.slice(0, hosts.length)).toHaveLength(hosts.length);
      expect(said.at(-1)).toBe('0');
    }, 60_000);

    it('reaches them where the machine’s network was asked for and allowed, so that the test can fail', async () => {
      const { said } = await run(`RUN --network=host nc -w 2 127.0.0.1 ${port} </dev/null`, {
        allow: ['network.host'],
      });
      expect(said).toEqual(['reached']);
    });

    it('has no way to IPv6, nor another device than its own', async () => {
      const { said } = await run('RUN ls /sys/class/net; ip -6 route; ip link set eth0 down 2>&1 | head -1');
      expect(said.slice(0, 2)).toEqual(['eth0', 'lo']);
      expect(said.at(-1)).toContain('Operation not permitted');
    });

    it('leaves no rule and no device behind', async () => {
      const before = networks();
      await run('RUN true');
      const since = networks().difference(before);
      // Others may be building now; theirs go away with them.
      const left = () => [...networks().intersection(since)];
      await expect.poll(left, { timeout: 60_000 }).toEqual([]);
    }, 90_000);

    it('is none at all with --network=none', async () => {
      const { said } = await run(
        'RUN --network=none ls /sys/class/net; nc -l -p 99 127.0.0.1 >/dev/null & sleep 0.2; echo x | nc -w 1 127.0.0.1 99 && echo loopback',
      );
      expect(said).toEqual(['lo', 'loopback']);
    });
  },
);

describe.skipIf(!can)('the sandbox of RUN, as root', () => {
  it('refuses what was not allowed', async () => {
    await expect(run('RUN --network=host true')).rejects.toMatchObject({ code: 'build/not-allowed' });
    await expect(run('RUN --security=insecure true')).rejects.toMatchObject({ code: 'build/not-allowed' });
    const { said } = await run('RUN --security=insecure grep CapEff /proc/self/status', {
      allow: ['security.insecure'],
    });
    expect(said[0]).not.toContain('00000000a80425fb');
  });

  it('has the capabilities of a container, and no more', async () => {
    expect((await run('RUN grep -E "Cap(Eff|Bnd)" /proc/self/status')).said).toEqual([
      'CapEff:\t00000000a80425fb',
      'CapBnd:\t00000000a80425fb',
    ]);
  });

  it('inherits no descriptor, variable or process of the builder', async () => {
    const file = join(scratch.directory(), 'credentials');
    writeFileSync(file, 'do-not-tell');
    process.env.AWS_SECRET_ACCESS_KEY = 'do-not-tell';
    const descriptor = openSync(file, 'r');
    try {
      const { said } = await run(
        `RUN ls /proc/self/fd | wc -l; env | grep -c AWS; cat /proc/*/environ | grep -c tell; ls -d /proc/[0-9]* | wc -l; cat ${file} 2>/dev/null | wc -c; true`,
      );
      expect(said.slice(0, 3)).toEqual(['4', '0', '0']);
      expect(Number(said[3])).toBeLessThan(8);
      expect(said[4]).toBe('0');
    } finally {
      closeSync(descriptor);
      delete process.env.AWS_SECRET_ACCESS_KEY;
    }
  });

  it('opens no device, in whatever file system it makes one', async () => {
    const open = (path: string) =>
      `mknod ${path} b 7 0 2>/dev/null; dd if=${path} of=/dev/null count=1 2>&1 | tail -1`;
    const paths = ['/tmp/disk', '/dev/disk', '/dev/shm/disk', '/t/disk', '/c/disk'];
    const { said } = await run(
      `RUN --mount=type=tmpfs,target=/t --mount=type=cache,target=/c ${paths.map(open).join('; ')}`,
    );
    for (const line of said)
      expect(line).toMatch(/can't open .*: (Permission denied|No such device|No such file)/);
    expect(said).toHaveLength(paths.length);
  });

  it.each([
    ['mount a file system', 'mount -t tmpfs tmpfs /tmp'],
    ['mount the cgroups', 'mkdir /cg && mount -t cgroup2 none /cg'],
    ['take /proc apart', 'umount /proc/kcore'],
    ['write to /sys', 'echo 1 > /sys/kernel/uevent_seqnum'],
    ['write to the machine’s settings', 'echo x > /proc/sys/kernel/core_pattern'],
    ['ask for a restart', 'echo h > /proc/sysrq-trigger'],
    ['load a module', 'insmod /bin/busybox'],
    ['change the clock', 'date -s 2000-01-01; test $(date +%Y) = 2000'],
    ['see the kernel’s memory', 'test -s /proc/kcore'],
    ['change the host name', 'hostname other'],
  ])('cannot %s', async (_, command) => {
    await run(`RUN ! (${command}) 2>/dev/null`);
  });

  it('lets set-user-id programs become root, as sudo has to', async () => {
    const { said, entries } = await run(
      'RUN cp /bin/busybox /bin/suid && chmod 4755 /bin/suid && grep NoNewPrivs /proc/self/status\nUSER 1000\nRUN /bin/suid id -u; id -u',
    );
    expect(said.slice(0, 1)).toEqual(['NoNewPrivs:\t0']);
    expect(said.at(-1)).toBe('1000');
    expect(entries.get('bin/suid')?.mode).toBe(0o4755);
  });

  it('holds what a hostile image has in place of /proc, /dev and /sys', async () => {
    const hostile = await shellImage(scratch, [
      { path: 'proc', type: 'symlink', mode: 0o777, uid: 0, gid: 0, mtime: 0, linkTarget: scratch.root },
    ]);
    await expect(make(scratch, hostile, 'RUN true')).rejects.toMatchObject({
      details: expect.stringContaining('/proc is a symlink'),
    });
  });

  it('has the same host name everywhere', async () => {
    expect((await run('RUN hostname')).said).toEqual(['buildkitsandbox']);
    expect(readFileSync('/proc/sys/kernel/hostname', 'utf8')).not.toContain('buildkitsandbox');
  });
});

describe.skipIf(!can)('the limits of RUN', () => {
  it.each([
    ['runTimeout', 'sleep 60', { runTimeout: 1500 }, /ran longer than 1.5 seconds/],
    ['processes', 'bomb() { bomb | bomb & }; bomb; sleep 60', { processes: 50 }, /more than 50 processes/],
    [
      'memoryBytes',
      'x=$(head -c 300m /dev/zero | tr "\\0" x); echo done',
      { memoryBytes: 64 * 1024 ** 2 },
      /more than 64 MiB of memory/,
    ],
    [
      'diskBytes',
      'while :; do cat /bin/busybox >> /big; done',
      { diskBytes: 30 * 1024 ** 2 },
      /more than 30 MiB to disk/,
    ],
    ['outputBytes', 'yes', { outputBytes: 1024 ** 2 }, /more than 1 MiB of output/],
  ])(
    'ends what reaches %s, and says so',
    async (limit, command, limits, message) => {
      const failure = await run(`RUN ${command}`, { limits }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'build/limit', line: 2 });
      expect(String(failure)).toMatch(message);
      expect((failure as { fault: { remedy: string } }).fault.remedy).toContain(limit);
    },
    60_000,
  );
});

/** Numbers of the networks of RUN that have a rule or a device now. */
function networks(): Set<string> {
  const rules = execFileSync('iptables-save', { encoding: 'utf8' });
  const devices = execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' });
  const named = `${rules}${devices}`.matchAll(/\b(?:fairlead-|fl)(\d+)\b/g);
  return new Set([...named].map(([, number = '']) => number));
}
