import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { build } from '../../../../lib/build/build.ts';
import { findToolchain } from '../../../../lib/build/go/toolchain.ts';
import { Registries } from '../../../../lib/registry/registries.ts';
import { Scratch } from '../../../unit/build/support.ts';
import { CONTEXT } from '../cases/case.ts';
import { IN_JAIL, inJail } from './jail.ts';

const needed = ['/usr/bin/strace', '/usr/bin/setpriv', '/usr/bin/unshare'].filter(
  (file) => !existsSync(file),
);
const why =
  process.getuid?.() !== 0 ? 'the jail is made by root' : needed.length > 0 ? `${needed} missing` : undefined;

const NODE = join(IN_JAIL.checkout, 'node_modules/.bin/node');
const BUILD = join(IN_JAIL.checkout, 'test/contract/build/unprivileged/build.ts');
const GO_HELLO = join(import.meta.dirname, '../../../../examples/go-hello');

/** What a function of Lambda may not do; the flags of new namespaces are clone's. */
const FORBIDDEN = 'ptrace,chroot,pivot_root,unshare,setns,mount,umount2,mknod,mknodat,setuid,seccomp'.split(
  ',',
);

const HEREDOC = `FROM scratch
ARG NAME=world
COPY --chmod=640 --chown=5:6 <<EOF /etc/greeting
hello $NAME
EOF
ADD . /all/
COPY --link dir /linked/
WORKDIR /w
COPY link /x
USER 5
CMD ["/x"]
`;

describe.skipIf(why !== undefined)(
  `the function engine without privileges${why ? ` (skipped: ${why})` : ''}`,
  () => {
    const scratch = new Scratch();
    afterAll(() => scratch.close());

    async function goHello(): Promise<string> {
      const context = scratch.directory();
      await cp(GO_HELLO, context, { recursive: true });
      return context;
    }
    const withDockerfile = (Dockerfile: string) => scratch.context({ ...CONTEXT, Dockerfile });

    async function digestAsRoot(context: string): Promise<string> {
      const toolchain = findToolchain({});
      const image = await build({
        context,
        cacheDir: scratch.directory(),
        registries: new Registries(),
        engines: ['function'],
        ...(toolchain === undefined ? {} : { toolchain }),
      });
      return image.digest;
    }

    it('is locked in, in this test', async () => {
      const tries = [
        'id -u',
        'grep -E "^(Cap|NoNewPrivs)" /proc/self/status',
        'touch /usr/x /etc/x /tmp/checkout/x /var/tmp/x 2>&1 || true',
        'unshare --user true 2>&1 || true',
        '/usr/sbin/chroot / true 2>&1 || true',
      ];
      const { stdout } = await inJail(scratch.directory(), ['sh', '-c', tries.join('; ')]);
      expect(stdout).toMatch(/^65534\n(Cap\w+:\t0{16}\n){5}NoNewPrivs:\t1\n/);
      expect(stdout.match(/Read-only file system/g)).toHaveLength(4);
      expect(stdout).toMatch(/unshare failed: No space left on device/);
      expect(stdout).toMatch(/chroot: .*Operation not permitted/);
    });

    it.each<[string, () => Promise<string> | string]>([
      ['copies', () => withDockerfile('FROM scratch\nCOPY . /\nCOPY --chown=1:2 dir /d\nCMD ["/run.sh"]\n')],
      ['writes here-documents, adds and links', () => withDockerfile(HEREDOC)],
      ['builds examples/go-hello', goHello],
    ])(
      '%s, to the same digest as root',
      async (_what, context) => {
        const directory = await context();
        const { stdout } = await inJail(directory, [NODE, BUILD, IN_JAIL.context, '/tmp/cache']);
        expect(JSON.parse(stdout).digest).toBe(await digestAsRoot(directory));
      },
      300_000,
    );

    it('asks the kernel for nothing that Lambda refuses', async () => {
      const trace = [
        '--seccomp-bpf',
        '-f',
        '-qq',
        '-e',
        'signal=none',
        '-e',
        `trace=${FORBIDDEN},clone,clone3`,
      ];
      const argv = ['strace', ...trace, NODE, BUILD, IN_JAIL.context, '/tmp/cache'];
      const { stdout, stderr } = await inJail(await goHello(), argv);
      expect(JSON.parse(stdout).digest).toMatch(/^sha256:/);
      const calls = stderr.split('\n').filter((line) => /^(\[pid +\d+\] )?\w+\(/.test(line));
      expect(calls.length).toBeGreaterThan(0);
      expect(calls.filter((line) => !/(clone3?\()(?!.*CLONE_NEW)/.test(line))).toEqual([]);
    }, 600_000);
  },
);
