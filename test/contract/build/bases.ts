import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { assembleImage } from '../../../lib/image/assemble.ts';
import type { Entry } from '../../../lib/image/entry.ts';
import { writeLayer } from '../../../lib/image/layer.ts';
import { machinePlatform } from '../../../lib/image/platform.ts';
import type { Image, RunConfig } from '../../../lib/image/types.ts';

/** The bases of the cases, by the word that stands for them in a Dockerfile. */
export async function makeBases(trixie: string, blobs: string): Promise<Record<string, Image>> {
  const layer = await writeLayer(baseEntries(trixie), blobs);
  const second = await writeLayer(upperEntries(), blobs);
  const image = (config: RunConfig, layers = [layer]) =>
    assembleImage({ config: { ...machinePlatform(), config }, layers });
  const third = await writeLayer(golangEntries(), blobs);
  const config = { Env: ['PATH=/bin:/usr/bin:/usr/sbin', 'BASE=base'], Cmd: ['sh'], Labels: { base: 'yes' } };
  return {
    BASE: image(config),
    /** A second layer hides things of the first. */
    LAYERED: image(config, [layer, second]),
    /** Called as Docker's image of Go in a mirror, and with directories as that has them. */
    GOLANG: image(
      {
        Env: ['PATH=/go/bin:/bin:/usr/bin', 'GOLANG_VERSION=1.0.0', 'GOPATH=/go'],
        WorkingDir: '/go',
        Cmd: ['bash'],
      },
      [layer, third],
    ),
    TRIGGERS: image({
      ...config,
      OnBuild: [
        'ARG TEXT=text',
        'COPY a.txt /on/',
        'RUN echo "$TEXT" > /on/text',
        'ENV ON=build',
        'WORKDIR /on',
      ],
    }),
    CONFIGURED: image({
      ...config,
      Env: [...config.Env, 'EMPTY=', 'SPACE=a b'],
      Entrypoint: ['/bin/sh', '-c'],
      User: 'app',
      WorkingDir: '/home/app',
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/var/lib': {} },
      StopSignal: 'SIGQUIT',
      Healthcheck: { Test: ['CMD', 'true'], Interval: 7_000_000_000, Retries: 2 },
      Shell: ['/bin/sh', '-ec'],
    }),
  };
}

const COMMANDS =
  'sh cat chmod chown cp cut date dd echo env false find grep head hostname id ln ls mkdir mkfifo mknod mv od printf pwd readlink rm rmdir sed seq sleep sort stat tar test touch tr true wc'.split(
    ' ',
  );

const ROOT = { uid: 0, gid: 0, mtime: 1_000_000_000 };

function directory(path: string, mode = 0o755, owner = {}): Entry {
  return { ...ROOT, path, type: 'directory', mode, ...owner };
}

function link(path: string, linkTarget: string): Entry {
  return { ...ROOT, path, type: 'symlink', mode: 0o777, linkTarget };
}

function file(path: string, contents: string | Buffer, mode = 0o644): Entry {
  const bytes = Buffer.from(contents);
  return { ...ROOT, path, type: 'file', mode, size: bytes.length, open: () => Readable.from([bytes]) };
}

/** busybox, setcap and setfattr, some users, directories with owners and modes, symlinks, a hardlink. */
function baseEntries(trixie: string): Entry[] {
  const names =
    'bin etc usr usr/bin usr/sbin usr/lib usr/local usr/local/bin var var/lib home opt proc sys dev lib64 old old/sub'.split(
      ' ',
    );
  const taken = (path: string, from = path) => file(path, readFileSync(join(trixie, from)), 0o755);
  const libraries = ['libc.so.6', 'libcap.so.2', 'libattr.so.1'];
  return [
    ...names.map((name) => directory(name)),
    directory('tmp', 0o1777),
    directory('root', 0o700),
    directory('home/app', 0o750, { uid: 1000, gid: 1001 }),
    file('bin/busybox', readFileSync('/bin/busybox'), 0o755),
    ...COMMANDS.map((name) => link(`bin/${name}`, 'busybox')),
    taken('usr/sbin/setcap'),
    taken('usr/bin/setfattr'),
    ...libraries.map((name) => taken(`usr/lib/${name}`, `usr/lib/x86_64-linux-gnu/${name}`)),
    taken('lib64/ld-linux-x86-64.so.2', 'usr/lib64/ld-linux-x86-64.so.2'),
    link('link', 'usr/local'),
    link('abs', '/var/lib'),
    file('etc/passwd', 'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n'),
    file('etc/group', 'root:x:0:\napp:x:1001:\nstaff:x:50:app\n'),
    file('etc/hosts', ''),
    file('etc/resolv.conf', ''),
    file('old/file', 'old\n', 0o640),
    file('old/sub/file', 'sub\n'),
    { ...ROOT, path: 'old/hard', type: 'hardlink', mode: 0o640, linkTarget: 'old/file' },
  ];
}

function golangEntries(): Entry[] {
  const open = ['go', 'go/bin', 'go/src'].map((path) => directory(path, 0o1777));
  return [...open, directory('usr/local/go')];
}

function upperEntries(): Entry[] {
  return [
    directory('old'),
    file('old/.wh.file', ''),
    directory('old/sub'),
    file('old/sub/.wh..wh..opq', ''),
    file('old/sub/new', 'new\n'),
    file('.wh.abs', ''),
    file('opt/upper', 'upper\n'),
  ];
}
