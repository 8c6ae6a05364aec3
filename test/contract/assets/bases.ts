import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { assembleImage } from '../../../lib/image/assemble.ts';
import { assembleIndex } from '../../../lib/image/assemble-index.ts';
import type { Entry } from '../../../lib/image/entry.ts';
import { writeLayer } from '../../../lib/image/layer.ts';
import type { ImageIndex, Platform, RunConfig } from '../../../lib/image/types.ts';

/** Debian's Go, which stands for the one that the Dockerfile names. */
export const GOROOT = '/usr/lib/go-1.19';

const ROOT = { uid: 0, gid: 0, mtime: 1_000_000_000 };
const PLATFORMS: Platform[] = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));

/**
 * The two bases of the Dockerfile, each for amd64 and arm64, by the names that it has them by: what of Go's image the
 * Dockerfile's commands need on this machine, and other toolchains and runtimes for arm64 than for amd64.
 */
export async function makeBases(blobs: string, proxy: string): Promise<Record<string, ImageIndex>> {
  return {
    'docker/library/golang:1.26': await base(blobs, golangEntries, {
      Env: [
        'PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'GOPATH=/go',
        'GOTOOLCHAIN=local',
        `GOPROXY=${proxy}`,
        'GOSUMDB=off',
      ],
      WorkingDir: '/go',
    }),
    'lambda/nodejs:24': await base(blobs, lambdaEntries, {
      Env: ['PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin', 'LAMBDA_TASK_ROOT=/var/task', 'TZ=:UTC'],
      WorkingDir: '/var/task',
      Entrypoint: ['/lambda-entrypoint.sh'],
    }),
  };
}

async function base(
  blobs: string,
  entries: (architecture: string) => Entry[],
  config: RunConfig,
): Promise<ImageIndex> {
  const images = PLATFORMS.map(async (platform) => {
    const layer = await writeLayer(entries(platform.architecture), blobs, { gzipLevel: 1 });
    return assembleImage({ config: { ...platform, config }, layers: [layer] });
  });
  return assembleIndex(await Promise.all(images));
}

function golangEntries(architecture: string): Entry[] {
  const names = 'bin etc go lib lib64 root tmp usr usr/bin usr/lib usr/local usr/local/bin'.split(' ');
  const directories = [...names, 'lib/x86_64-linux-gnu'].map((path) => directory(path));
  const version = file('usr/local/go/VERSION', `go1.26 for ${architecture}\n`);
  if (architecture === 'arm64')
    return [...directories, directory('usr/local/go'), directory('usr/local/go/bin'), version].concat(
      file('usr/local/go/bin/go', 'the toolchain for arm64\n', 0o755),
    );
  const libraries = ['lib/x86_64-linux-gnu/libc.so.6', 'lib64/ld-linux-x86-64.so.2'];
  return [
    ...directories,
    ...libraries.map((path) => file(path, readFileSync(join('/', path)), 0o755)),
    file('bin/busybox', readFileSync('/bin/busybox'), 0o755),
    ...['sh', 'mkdir'].map((name) => link(`bin/${name}`, 'busybox')),
    ...goEntries(),
    version,
  ];
}

/** As much of Go as compiles a program that imports nothing. */
function goEntries(): Entry[] {
  const tools = ['asm', 'buildid', 'compile', 'link'].map((name) => `pkg/tool/linux_amd64/${name}`);
  const taken = [
    ...tools,
    'bin/go',
    'pkg/include',
    'src/go.mod',
    'src/runtime',
    'src/internal',
    'src/unsafe',
  ];
  const parents = ['', 'bin', 'pkg', 'pkg/tool', 'pkg/tool/linux_amd64', 'src'].map((path) =>
    directory(join('usr/local/go', path)),
  );
  return [...parents, ...taken.flatMap((path) => below(join(GOROOT, path), join('usr/local/go', path)))];
}

function below(from: string, to: string): Entry[] {
  const real = realpathSync(from);
  const stat = lstatSync(real);
  if (!stat.isDirectory()) return [file(to, readFileSync(real), stat.mode & 0o111 ? 0o755 : 0o644)];
  const names = readdirSync(real).filter((name) => name !== 'testdata' && !name.endsWith('_test.go'));
  return [directory(to), ...names.sort().flatMap((name) => below(join(real, name), join(to, name)))];
}

function lambdaEntries(architecture: string): Entry[] {
  return [
    ...'usr usr/local usr/local/bin var var/lang var/lang/bin var/task'
      .split(' ')
      .map((path) => directory(path)),
    file('var/lang/bin/node', `node for ${architecture}\n`, 0o755),
    file('lambda-entrypoint.sh', '#!/bin/sh\n', 0o755),
  ];
}

function directory(path: string): Entry {
  return { ...ROOT, path: path.replace(/\/$/, ''), type: 'directory', mode: 0o755 };
}

function link(path: string, linkTarget: string): Entry {
  return { ...ROOT, path, type: 'symlink', mode: 0o777, linkTarget };
}

function file(path: string, contents: string | Buffer, mode = 0o644): Entry {
  const bytes = Buffer.from(contents);
  return { ...ROOT, path, type: 'file', mode, size: bytes.length, open: () => Readable.from([bytes]) };
}
