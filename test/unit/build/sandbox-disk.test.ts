import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSandboxDisk } from '../../../lib/build/disk/sandbox-disk.ts';
import { Bases } from '../../../lib/build/store/bases.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { type Change, type Node, newDirectory, Tree } from '../../../lib/build/tree.ts';
import { type Able, probeSandbox } from '../../../lib/sandbox/ability.ts';
import { defaultLimits } from '../../../lib/sandbox/limits.ts';
import { runInSandbox } from '../../../lib/sandbox/run.ts';
import { registryOf, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const ability = await probeSandbox(scratch.root);

const PROGRAM = `package main

import (
	"net"
	"os"
)

func main() {
	net.Listen("unix", "/socket")
	os.RemoveAll("/gone")
	os.Remove("/some/gone")
	os.WriteFile("/some/changed", []byte("after"), 0o644)
	os.Chmod("/kept", 0o600)
	os.Mkdir("/new", 0o700)
	os.WriteFile("/new/locked", []byte("x"), 0o000)
	os.Symlink("nowhere", "/link")
}
`;

describe.skipIf(!ability.able)('SandboxDisk', () => {
  const possible = {
    volatile: ['volatile', 'synced', 'none'],
    synced: ['synced', 'none'],
    none: ['none'],
  } as const;
  const modes = possible[(ability as Able).overlay ?? 'none'];

  it.each(modes)('tells what a command changed, with overlay: %s', async (overlay) => {
    const able: Able = { ...(ability as Able), overlay };
    const store = new Store(scratch.directory());
    const directory = join(scratch.directory(), 'stage');
    const disk = openSandboxDisk({
      directory,
      store,
      bases: new Bases(registryOf({}), store),
      ability: able,
    });
    const tree = await treeOf(store);
    const root = await disk.prepare({ tree, base: tree, baseKey: 'base', changes: [], ends: [] });
    const user = { uid: 0, gid: 0, groups: [] };
    const code = await runInSandbox({
      ability: able,
      root,
      argv: ['/do'],
      env: new Map(),
      workdir: '/',
      workdirInRoot: '',
      user,
      mounts: [],
      names: { resolvConf: 'etc/resolv.conf', hosts: 'etc/hosts' },
      staging: join(disk.directory, 'staging'),
      network: 'none',
      limits: defaultLimits(),
      onLine: () => {},
    });
    expect(code).toBe(0);
    const changes = await disk.changes(tree, 7);
    expect(changes.map(describeChange).sort()).toEqual([
      'gone: removed',
      'kept: file 600 at 7 kept',
      'link: symlink 777 at 7 nowhere',
      'new/locked: file 0 at 7 x',
      'new: directory 700 at 7 ',
      'some/changed: file 644 at 7 after',
      'some/gone: removed',
    ]);
    disk.remove();
  });
});

async function treeOf(store: Store): Promise<Tree> {
  const [source, program] = [join(scratch.root, 'do.go'), join(scratch.root, 'do')];
  writeFileSync(source, PROGRAM);
  execFileSync('go', ['build', '-o', program, source], {
    env: { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off', GOFLAGS: '' },
  });
  const tree = new Tree();
  const owner = { uid: 0, gid: 0, mtime: 0 };
  const { sha } = await store.keepFile(program);
  const size = statSync(program).size;
  tree.set('do', {
    ...owner,
    type: 'file',
    mode: 0o755,
    size,
    sha,
    content: { from: 'disk', file: program },
  });
  for (const path of ['gone', 'gone/deep', 'some']) tree.set(path, newDirectory(0));
  for (const path of ['gone/file', 'gone/deep/file', 'some/gone', 'some/changed', 'some/kept', 'kept']) {
    const file = join(scratch.directory(), 'file');
    writeFileSync(file, path);
    const kept = await store.keepFile(file);
    tree.set(path, { ...owner, type: 'file', mode: 0o644, ...kept, content: { from: 'disk', file } });
  }
  return tree;
}

function describeChange({ path, node }: Change): string {
  if (node === undefined) return `${path}: removed`;
  return `${path}: ${node.type} ${node.mode.toString(8)} at ${node.mtime} ${textOf(node)}`;
}

function textOf({ link, content }: Node): string {
  return link ?? (content?.from === 'disk' ? readFileSync(content.file, 'utf8') : '');
}
