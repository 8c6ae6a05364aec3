import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { GitFile } from './git-objects.ts';
import type { GitPack } from './git-pack.ts';

/**
 * The `.git` of a repository that holds one commit, checked out: files by their path below it. What git makes is
 * different each time (times and inodes in the index, the server's packing); of this there is one for a commit.
 */
export function gitDirectory(pack: GitPack, commit: string, remote: string, files: readonly GitFile[]) {
  const written = new Map<string, Buffer>();
  const text = (path: string, content: string) => written.set(path, Buffer.from(content));
  text('HEAD', `${commit}\n`);
  text('shallow', `${commit}\n`);
  const core = '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n';
  text(
    'config',
    `${core}[remote "origin"]\n\turl = ${withoutCredentials(remote)}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`,
  );
  written.set('index', index(files, pack));
  for (const name of pack.names) {
    const { type, data } = pack.read(name);
    const whole = Buffer.concat([Buffer.from(`${type} ${data.length}\0`), data]);
    written.set(`objects/${name.slice(0, 2)}/${name.slice(2)}`, deflateSync(whole, { level: 1 }));
  }
  return { files: written, directories: ['refs', 'refs/heads', 'refs/tags', 'objects'] };
}

const MODES = { file: 0o100644, executable: 0o100755, symlink: 0o120000, submodule: 0o160000 } as const;

/** Version 2 (gitformat-index); without times, git compares the files themselves when it looks first. */
function index(files: readonly GitFile[], pack: GitPack): Buffer {
  const entries = files.map(({ path, kind, object }) => {
    const name = Buffer.from(path);
    const entry = Buffer.alloc(Math.ceil((62 + name.length + 1) / 8) * 8);
    entry.writeUInt32BE(MODES[kind], 24);
    entry.writeUInt32BE(kind === 'submodule' ? 0 : pack.read(object).data.length, 36);
    entry.write(object, 40, 'hex');
    entry.writeUInt16BE(Math.min(name.length, 0xfff), 60);
    name.copy(entry, 62);
    return { name, entry };
  });
  entries.sort((a, b) => Buffer.compare(a.name, b.name));
  const head = Buffer.alloc(12);
  head.write('DIRC');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(entries.length, 8);
  const body = Buffer.concat([head, ...entries.map(({ entry }) => entry)]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

// What the image's users are to fetch with is theirs.
function withoutCredentials(remote: string): string {
  return remote.replace(/^(https?:\/\/)[^/@]*@/, '$1');
}
