import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { assembleImage } from '../../../lib/image/assemble.ts';
import type { Entry } from '../../../lib/image/entry.ts';
import { writeLayer } from '../../../lib/image/layer.ts';
import { machinePlatform } from '../../../lib/image/platform.ts';
import { Registries } from '../../../lib/registry/registries.ts';

/** Debian's docker-registry, for both builders to take their base from. */
export class DebianRegistry {
  readonly #directory = mkdtempSync(join(tmpdir(), 'fairlead-registry-'));
  #server: ReturnType<typeof spawn> | undefined;
  host = '';

  async start(): Promise<this> {
    const port = await freePort();
    this.host = `localhost:${port}`;
    const config = {
      version: 0.1,
      storage: { filesystem: { rootdirectory: `${this.#directory}/data` } },
      http: { addr: `127.0.0.1:${port}` },
    };
    writeFileSync(join(this.#directory, 'config.yml'), JSON.stringify(config));
    this.#server = spawn('/usr/bin/docker-registry', ['serve', join(this.#directory, 'config.yml')], {
      stdio: 'ignore',
    });
    for (let attempt = 0; attempt < 100; attempt++) {
      if (
        await fetch(`http://${this.host}/v2/`).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        return this;
      await setTimeout(50);
    }
    throw new Error('docker-registry does not answer');
  }

  /** Publishes the base of the cases: busybox, some users, directories with owners and modes, symlinks, a hardlink. */
  async publishBase(): Promise<string> {
    const layer = await writeLayer(baseEntries(), join(this.#directory, 'blobs'));
    const config = { Env: ['PATH=/bin:/usr/bin', 'BASE=base'], Cmd: ['sh'], Labels: { base: 'yes' } };
    const image = assembleImage({ config: { ...machinePlatform(), config }, layers: [layer] });
    await new Registries().publish(image, `${this.host}/base`, ['1']);
    return `${this.host}/base:1`;
  }

  close(): void {
    this.#server?.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const COMMANDS =
  'sh cat chmod chown cp date echo env grep head id ln ls mkdir mv pwd rm rmdir sed sleep sort stat tar test touch tr true wc'.split(
    ' ',
  );

function baseEntries(): Entry[] {
  const root = { uid: 0, gid: 0, mtime: 1_000_000_000 };
  const directory = (path: string, mode = 0o755, owner = {}): Entry => ({
    ...root,
    path,
    type: 'directory',
    mode,
    ...owner,
  });
  const link = (path: string, linkTarget: string): Entry => ({
    ...root,
    path,
    type: 'symlink',
    mode: 0o777,
    linkTarget,
  });
  const file = (path: string, text: string, mode = 0o644): Entry => {
    const bytes = Buffer.from(text);
    return { ...root, path, type: 'file', mode, size: bytes.length, open: () => streamOf(bytes) };
  };
  const busybox = readFileSync('/bin/busybox');
  const names =
    'bin etc usr usr/bin usr/local usr/local/bin var var/lib home opt proc sys dev old old/sub'.split(' ');
  return [
    ...names.map((name) => directory(name)),
    directory('tmp', 0o1777),
    directory('root', 0o700),
    directory('home/app', 0o750, { uid: 1000, gid: 1001 }),
    {
      ...root,
      path: 'bin/busybox',
      type: 'file',
      mode: 0o755,
      size: busybox.length,
      open: () => streamOf(busybox),
    },
    ...COMMANDS.map((name) => link(`bin/${name}`, 'busybox')),
    link('link', 'usr/local'),
    link('abs', '/var/lib'),
    file('etc/passwd', 'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n'),
    file('etc/group', 'root:x:0:\napp:x:1001:\nstaff:x:50:\n'),
    file('etc/hosts', ''),
    file('etc/resolv.conf', ''),
    file('old/file', 'old\n', 0o640),
    file('old/sub/file', 'sub\n'),
    { ...root, path: 'old/hard', type: 'hardlink', mode: 0o640, linkTarget: 'old/file' },
  ];
}

function streamOf(bytes: Buffer) {
  return Readable.from([bytes]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
