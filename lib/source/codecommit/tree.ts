import type { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import git from 'isomorphic-git';
import { type Pack, pack } from 'tar-stream';
import type { Local } from './checkout.ts';

/** What a host's archive has around everything. */
const FOLDER = 'commit';

/**
 * The files of a commit as a host's archive of them would be, so that one reader takes care of both: a gzipped tar stream
 * with one folder around everything. `.gitattributes` says nothing here: what is marked `export-ignore` is in it.
 */
export function treeArchive(repository: Local, commit: string): Readable {
  const archive = pack();
  // It goes no further than to the next lines of this process.
  const zipped = createGzip({ level: 0 });
  (archive as unknown as Readable).on('error', (error) => zipped.destroy(error));
  write(repository, commit, archive).then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  );
  return (archive as unknown as Readable).pipe(zipped);
}

async function write(repository: Local, oid: string, archive: Pack): Promise<void> {
  const { commit } = await git.readCommit({ ...repository, oid });
  const mtime = new Date(commit.committer.timestamp * 1000);
  await writeTree({ repository, archive, mtime }, commit.tree, FOLDER);
}

interface Writing {
  repository: Local;
  archive: Pack;
  mtime: Date;
}

async function writeTree(writing: Writing, oid: string, path: string): Promise<void> {
  const { repository, archive, mtime } = writing;
  await added(archive, { name: `${path}/`, type: 'directory', mode: 0o755, mtime });
  const { tree } = await git.readTree({ ...repository, oid });
  for (const entry of tree) {
    const name = `${path}/${entry.path}`;
    if (entry.type === 'tree') await writeTree(writing, entry.oid, name);
    // A submodule is the name of another repository's commit: its folder is empty.
    else if (entry.type === 'commit')
      await added(archive, { name: `${name}/`, type: 'directory', mode: 0o755, mtime });
    else await writeBlob(writing, entry, name);
  }
}

async function writeBlob(
  { repository, archive, mtime }: Writing,
  { oid, mode }: { oid: string; mode: string },
  name: string,
): Promise<void> {
  const { blob } = await git.readBlob({ ...repository, oid });
  const content = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  if (mode === '120000')
    return await added(archive, { name, type: 'symlink', linkname: content.toString('utf8'), mtime });
  await added(archive, { name, mode: mode === '100755' ? 0o755 : 0o644, mtime }, content);
}

type Entry = Parameters<Pack['entry']>[0];

/** Waits until it is read: a repository need not be in memory twice. */
function added(archive: Pack, header: Entry, content?: Buffer): Promise<void> {
  return new Promise((done, failed) => {
    const written = (error?: Error | null) => (error ? failed(error) : done());
    if (content === undefined) archive.entry(header, written);
    else archive.entry(header, content, written);
  });
}
