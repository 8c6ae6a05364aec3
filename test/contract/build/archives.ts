import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';

const OLD = new Date(1_000_000_000_000);

/** The same bytes in each run: what is new is not newer than this, and nothing tells of this process. */
const ALIKE = ['--sort=name', '--clamp-mtime', '--mtime=@1100000000'];
const PAX = ['--format=pax', '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime'];

/** Makes the archives that `ADD` unpacks, and what looks like one: a directory of files. */
export function makeArchives(): string {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-archives-'));
  const tree = mkdtempSync(join(tmpdir(), 'fairlead-tree-'));
  const tar = (name: string, args: string[], members = ['.'], format = PAX) =>
    execFileSync('tar', ['-C', tree, ...ALIKE, ...format, ...args, '-cf', join(directory, name), ...members]);
  try {
    plainTree(tree);
    tar('plain.tar', []);
    tar('plain.tar.gz', ['-z']);
    tar('plain.tar.bz2', ['-j']);
    tar('plain.tar.xz', ['-J']);
    tar('plain.tar.zst', []);
    const zst = join(directory, 'plain.tar.zst');
    writeFileSync(zst, zstdCompressSync(readFileSync(zst)));
    tar('misnamed.txt', ['-z']);
    tar('other.tar.gz', ['-z', '--transform=s,^,/absolute/,', '-P'], ['file'], ['--format=gnu']);
    tar('over.tar', ['--transform=s,file,sub,'], ['file']);
    execFileSync('mkfifo', ['-m', '640', join(tree, 'pipe')]);
    writeFileSync(join(tree, 'owned'), 'owned');
    execFileSync('chown', ['70000:4000000', join(tree, 'owned')]);
    execFileSync('setfattr', ['-n', 'user.name', '-v', 'value', join(tree, 'owned')]);
    tar('special.tar', ['--xattrs'], ['owned', 'pipe']);
    writeFileSync(join(directory, 'text.gz'), gzipSync('not an archive\n'));
    writeFileSync(join(directory, 'text.tar'), 'not an archive\n');
    writeFileSync(join(directory, 'empty.tar'), Buffer.alloc(10_240));
    return directory;
  } finally {
    rmSync(tree, { recursive: true });
  }
}

function plainTree(tree: string): void {
  chmodSync(tree, 0o755);
  mkdirSync(join(tree, 'sub/deep'), { recursive: true });
  mkdirSync(join(tree, 'private'), { mode: 0o700 });
  writeFileSync(join(tree, 'file'), 'file');
  writeFileSync(join(tree, 'sub/deep/run'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(tree, 'private/set'), '');
  chmodSync(join(tree, 'private/set'), 0o4750);
  writeFileSync(join(tree, `long-${'n'.repeat(200)}`), 'long');
  symlinkSync('sub/deep', join(tree, 'link'));
  symlinkSync('/absolute', join(tree, 'away'));
  linkSync(join(tree, 'file'), join(tree, 'sub/hard'));
  for (const name of ['file', 'link']) lutimesSync(join(tree, name), OLD, OLD);
}
