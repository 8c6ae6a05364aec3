import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Order, StoryLine } from '../../../lib/engine/microvm/protocol.ts';
import { machinePlatform } from '../../../lib/image/platform.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { canMakeNetworks } from '../../../local/microvm/isolation.ts';
import { startRegistry } from '../../../local/registry/server.ts';
import { Scratch } from '../../unit/build/support.ts';
import { hasBusybox, shellImage } from '../sandbox/shell-image.ts';
import { listening, startGitHost, startVm } from './vm.ts';

const METADATA = '169.254.169.254';
const OWN = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const GATEWAY = '$(ip route | sed -n "s/default via \\([0-9.]*\\).*/\\1/p")';

describe.skipIf(!hasBusybox || !(await canMakeNetworks()))(
  'a RUN in a MicroVM (root, iproute2, iptables)',
  () => {
    const scratch = new Scratch();
    const closers: (() => Promise<unknown>)[] = [];
    let vm: Awaited<ReturnType<typeof startVm>>;
    let order: Order;
    let dockerfile = '';
    /** Where something answers on this machine: the VM's server and hooks, a registry, a git host, metadata. */
    let reachable: string[];

    beforeAll(async () => {
      const git = await startGitHost(() => dockerfile);
      const registry = await startRegistry({ stateDir: scratch.directory() });
      vm = await startVm(scratch.directory());
      execFileSync('ip', ['addr', 'replace', `${METADATA}/32`, 'dev', 'lo']);
      const metadata = await listening(
        createServer((_, response) => response.end('secret')),
        '0.0.0.0',
      );
      closers.push(git.close, () => registry.close(), vm.close, metadata.close);
      await new Registries().publish(await shellImage(scratch), `${registry.host}/base`, ['1']);
      const ports = [vm.port, vm.hooks, git.port, new URL(registry.url).port, metadata.port];
      const hosts = ['127.0.0.1', METADATA, ...(OWN === undefined ? [] : [OWN])];
      reachable = hosts.flatMap((host) => ports.map((port) => `${host} ${port}`));
      order = {
        name: '0'.repeat(40),
        subject: { delivery: 'd', app: 'web', commit: 'c'.repeat(40) },
        repository: { host: 'github', owner: 'acme', name: 'web' },
        publishTo: `${registry.host}/web`,
        tags: ['t'],
        platform: machinePlatform(),
        source: { apiUrl: git.url },
        network: { refuse: 'nothing' },
        isolation: 'required',
        registries: { mirrors: {}, insecure: [registry.host], credentials: [] },
      };
    });
    afterAll(async () => {
      for (const close of closers) await close();
      spawnSync('ip', ['addr', 'del', `${METADATA}/32`, 'dev', 'lo']);
      await scratch.close();
    });

    const tries = (targets: string[], nc = 'nc') =>
      targets.map((target) => {
        const ask = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | ${nc} -w 1 ${target} 2>/dev/null | grep -q HTTP`;
        return `(${ask} && echo "reached ${target}" || echo refused)`;
      });
    const build = (run: string, name: string) => {
      dockerfile = `FROM ${order.publishTo.replace(/web$/, 'base:1')}\nRUN ${run}\n`;
      return vm.build({ ...order, name: name.repeat(40) });
    };
    const said = (story: StoryLine[]) =>
      story.flatMap((line) => ('event' in line && line.event.type === 'output' ? [line.event.text] : []));

    it('reaches nothing on the machine, while the builder itself pulls and publishes there', async () => {
      const targets = [...reachable, ...reachable.slice(0, 2).map((one) => one.replace(/^\S+/, GATEWAY))];
      const story = await build(tries(targets).join('; '), '1');
      expect(story.at(-1)).toMatchObject({ ending: { answer: { outcome: 'built' } } });
      expect(said(story)).toEqual(targets.map(() => 'refused'));
    }, 120_000);

    it('would reach all of that with the machine’s network, so that the test can fail', async () => {
      const script = tries(reachable, '/bin/busybox nc').join('; ');
      // In this process are the servers: it must not stand still.
      const { stdout: out } = await promisify(execFile)('/bin/busybox', ['sh', '-c', script], {
        timeout: 20_000,
      });
      const reached = out.split('\n').filter((line) => line.startsWith('reached 127.0.0.1'));
      expect(reached).toHaveLength(5);
      // The registry and the git host are on the loopback alone.
      expect(out).toContain(`reached ${METADATA} ${vm.port}`);
      expect(out).toContain(`reached ${METADATA} ${vm.hooks}`);
    });

    it.each([
      ['required', 'failed'],
      ['if-possible', 'built'],
    ])(
      'where it cannot be kept apart, and isolation is %s: %s',
      async (isolation, outcome) => {
        dockerfile = `FROM ${order.publishTo.replace(/web$/, 'base:1')}\nRUN true\n`;
        const program = join(import.meta.dirname, 'carry-one.ts');
        // A machine without ip(8).
        const script = 'for file in /sbin/ip /bin/ip; do mount --bind /dev/null $file; done; exec "$0" "$1"';
        const { stdout } = await promisify(execFile)(
          'unshare',
          ['--mount', 'sh', '-c', script, process.execPath, program],
          {
            timeout: 50_000,
            env: {
              ...process.env,
              CACHE: scratch.directory(),
              ORDER: JSON.stringify({ ...order, isolation }),
            },
          },
        );
        const { answer } = JSON.parse(stdout);
        expect(answer).toMatchObject({ outcome });
        if (outcome === 'failed') expect(answer.reason).toContain('must have a network of its own');
      },
      60_000,
    );

    it('has a network where packets were not passed on before, as in a new VM', async () => {
      const module = join(import.meta.dirname, '../../../lib/sandbox/network.ts');
      const script = `const { makeNetwork } = await import('${module}'); await (await makeNetwork('')).release();`;
      const file = '/proc/sys/net/ipv4/ip_forward';
      const inside = `echo 0 > ${file}; "$0" --input-type=module -e "$1" && cat ${file}`;
      const args = ['--net', 'sh', '-c', inside, process.execPath, script];
      const { stdout } = await promisify(execFile)('unshare', args, { timeout: 20_000 });
      expect(stdout.trim()).toBe('1');
    });
  },
);
