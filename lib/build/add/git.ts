import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { PATIENT, withRetries } from '../../registry/retry.ts';
import { CopyProblem } from '../copy/copy-problem.ts';
import { keepBytes } from '../disk/keep-bytes.ts';
import { readChanges, writeChanges } from '../store/records.ts';
import { keyOf, type Store } from '../store/store.ts';
import { type Change, join, type Node, newDirectory, parentOf, Tree } from '../tree.ts';
import { authorization } from './authorization.ts';
import type { Downloads } from './download.ts';
import { gitDirectory } from './git-directory.ts';
import { commitOf, filesOf, type GitFile } from './git-objects.ts';
import { GitPack } from './git-pack.ts';
import { fetchObject, type GitRemote, listRefs, type Named } from './git-protocol.ts';
import { BadGitReference, type GitReference, parseGitReference } from './git-reference.ts';
import { submodulesOf } from './git-submodules.ts';
import { shown } from './request.ts';

/** Raise when the same commit would give other files, so that older records do not count. */
const REVISION = 1;

/** Submodules of submodules, and so on, end here. */
const DEEPEST = 8;

/** All together that one ADD fetches. */
const MOST_SUBMODULES = 1_000;

const COMMIT = /^[0-9a-f]{40}$/;

/**
 * The files of a commit of a git repository, root's and of time `mtime` (BuildKit, source/git): fetched over HTTP
 * without its history, with its submodules. A commit that was fetched before is not fetched again, one that is named
 * by its whole hash not even asked for. Throws CopyProblem `bad-git`, `checksum`; FairleadError `build/download`.
 */
export async function fetchGit(reference: GitReference, mtime: number, given: Downloads): Promise<Tree> {
  const tree = new Tree();
  tree.apply(await changesOf(reference, mtime, given));
  return tree;
}

/** What brought us to a submodule. */
interface Above {
  /** How deep it is. */
  depth: number;
  /** Of the repository that the Dockerfile names. */
  origin: string;
  /** The submodules that were fetched so far, by all of them together. */
  count: { submodules: number };
}

async function changesOf(
  reference: GitReference,
  mtime: number,
  given: Downloads,
  above?: Above,
): Promise<Change[]> {
  const { network, signal, store, noCache, patience = PATIENT } = given;
  const url = urlOf(reference);
  const { origin = url.origin, depth = 0, count = { submodules: 0 } } = above ?? {};
  // Whoever writes a .gitmodules must not learn the secrets that are for the Dockerfile's own repository.
  const named = url.origin === origin ? 'by the Dockerfile' : 'by others';
  const remote: GitRemote = {
    url,
    network,
    authorization: authorization('git', url, given.secrets, named),
    ...(signal && { signal }),
  };
  const { ref = 'HEAD', checksum, remote: name, subdirectory = '', keepGitDir, submodules } = reference;
  const key = (commit: string) =>
    keyOf('git', REVISION, name, commit, subdirectory, keepGitDir ?? false, submodules ?? true, mtime);
  const kept = async (commit: string) => (noCache ? undefined : readChanges(store, key(commit)));
  if (COMMIT.test(ref)) {
    checkCommit({ object: ref }, checksum, remote.url);
    const before = await kept(ref);
    if (before !== undefined) return before;
  }
  return withRetries(
    async () => {
      const { version, refs } = await listRefs(remote, prefixesOf(ref));
      const named = COMMIT.test(ref) ? { object: ref } : find(refs, ref, remote.url);
      checkCommit(named, checksum, remote.url);
      const commit = named.peeled ?? named.object;
      const before = await kept(commit);
      if (before !== undefined) return before;
      const wanted = version === 2 ? commit : named.object;
      const from = { reference, mtime, given, depth, origin, count };
      const changes = await withPack(remote, wanted, version, store, (pack) =>
        filesIn(pack, commitOf(pack, wanted), from),
      );
      writeChanges(store, key(commit), changes);
      return changes;
    },
    patience,
    signal,
  );
}

/** Fetches the pack of an object, which is on disk as long as `use` takes. */
async function withPack<T>(
  remote: GitRemote,
  wanted: string,
  version: 0 | 2,
  store: Store,
  use: (pack: GitPack) => Promise<T>,
): Promise<T> {
  const file = store.path('downloads', `unfinished-${randomUUID()}`);
  mkdirSync(dirname(file), { recursive: true });
  try {
    await fetchObject(remote, wanted, version, file);
    const pack = new GitPack(file);
    return await use(pack).finally(() => pack.close());
  } finally {
    rmSync(file, { force: true });
  }
}

function urlOf({ transport, remote }: GitReference): URL {
  const url = transport === 'http' ? URL.parse(remote) : null;
  if (url !== null) return url;
  const way = 'write it as https://…, or clone it in a RUN --mount=type=ssh';
  throw new CopyProblem(
    'bad-git',
    `${remote} is reached over ${transport}, which the builder does not speak; ${way}`,
  );
}

/** What is asked for of a server that can choose: the places where a ref may be. */
function prefixesOf(ref: string): string[] {
  return ref === 'HEAD' || COMMIT.test(ref)
    ? ['HEAD']
    : [ref, `refs/${ref}`, `refs/heads/${ref}`, `refs/tags/${ref}`];
}

// A branch wins over a tag of the same name, as for git checkout.
function find(refs: ReadonlyMap<string, Named>, ref: string, url: URL): Named {
  const places = [`refs/${ref.replace(/^refs\//, '')}`, `refs/heads/${ref}`, `refs/tags/${ref}`];
  const found = ref === 'HEAD' ? refs.get('HEAD') : places.map((place) => refs.get(place)).find(Boolean);
  if (found !== undefined) return found;
  throw new CopyProblem('bad-git', `${shown(url)} has no branch, tag or other ref ${ref}`);
}

function checkCommit({ object, peeled }: Named, checksum: string | undefined, url: URL): void {
  if (checksum === undefined || object.startsWith(checksum) || peeled?.startsWith(checksum)) return;
  throw new CopyProblem('checksum', `the commit of ${shown(url)} is ${peeled ?? object}, not ${checksum}`);
}

interface Wanted extends Above {
  reference: GitReference;
  mtime: number;
  given: Downloads;
}

async function filesIn(pack: GitPack, commit: string, wanted: Wanted): Promise<Change[]> {
  const { reference, mtime, given } = wanted;
  const { subdirectory = '', keepGitDir = false, remote } = reference;
  const root = subdirectory
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/');
  const all = filesOf(pack, commit);
  const inside = all.filter(({ path }) => root === '' || path.startsWith(`${root}/`));
  if (root !== '' && inside.length === 0)
    throw new CopyProblem('bad-git', `its commit ${commit} has no directory ${subdirectory}`);
  const tree = new Tree();
  const submodules = submodulesOf(all, pack);
  // One object may have any number of names.
  const nodes = new Map<string, Node>();
  for (const file of inside) {
    const path = root === '' ? file.path : file.path.slice(root.length + 1);
    makeParents(tree, path, mtime);
    if (file.kind === 'submodule') {
      await addSubmodule(tree, path, file, submodules.get(file.path), wanted);
      continue;
    }
    const known = `${file.kind} ${file.object}`;
    const node = nodes.get(known) ?? nodeOf(file, pack, mtime, given);
    nodes.set(known, node);
    tree.set(path, { ...node });
  }
  if (keepGitDir && root === '') {
    const { files, directories } = gitDirectory(pack, commit, remote, all);
    for (const path of directories) makeParents(tree, `.git/${path}/`, mtime);
    for (const [path, bytes] of files) {
      makeParents(tree, `.git/${path}`, mtime);
      tree.set(`.git/${path}`, fileNode(bytes, 0o644, mtime, given));
    }
  }
  return [...tree.below('')].map(([path, node]) => ({ path, node }));
}

function makeParents(tree: Tree, path: string, mtime: number): void {
  const parent = parentOf(path);
  if (tree.get(parent) !== undefined) return;
  makeParents(tree, parent, mtime);
  tree.set(parent, newDirectory(mtime));
}

function nodeOf({ kind, object }: GitFile, pack: GitPack, mtime: number, given: Downloads) {
  const { data } = pack.read(object);
  const link = data.toString('utf8');
  if (kind === 'symlink')
    return { type: 'symlink' as const, mode: 0o777, uid: 0, gid: 0, mtime, size: 0, link };
  return fileNode(data, kind === 'executable' ? 0o755 : 0o644, mtime, given);
}

function fileNode(bytes: Buffer, mode: number, mtime: number, { store }: Downloads) {
  const { sha, size } = keepBytes(store, bytes);
  const content = { from: 'disk' as const, file: store.file(sha) };
  return { type: 'file' as const, mode, uid: 0, gid: 0, mtime, size, sha, content };
}

async function addSubmodule(
  tree: Tree,
  path: string,
  { object, path: at }: GitFile,
  url: string | undefined,
  { reference, mtime, given, depth, origin, count }: Wanted,
): Promise<void> {
  tree.set(path, newDirectory(mtime));
  if (reference.submodules === false || url === undefined) return;
  const inner = /^\.\.?\//.test(url) ? new URL(`${reference.remote.replace(/\/*$/, '/')}${url}`).href : url;
  const parsed = parseSubmodule(inner, at);
  if (depth >= DEEPEST) throw new CopyProblem('bad-git', `its submodules are nested without end, at ${at}`);
  if (++count.submodules > MOST_SUBMODULES)
    throw new CopyProblem('bad-git', `it has more than ${MOST_SUBMODULES} submodules`);
  const commit = { ...parsed, ref: object, submodules: true };
  const changes = await changesOf(commit, mtime, given, { depth: depth + 1, origin, count });
  tree.apply(changes.map((change) => ({ ...change, path: join(path, change.path) }) as Change));
}

function parseSubmodule(url: string, at: string): GitReference {
  try {
    if (/^https?:\/\//.test(url)) return { transport: 'http', remote: url };
    const parsed = parseGitReference(url);
    if (parsed !== undefined) return parsed;
  } catch (error) {
    if (!(error instanceof BadGitReference)) throw error;
  }
  throw new CopyProblem('bad-git', `the address of its submodule ${at} cannot be read: ${url}`);
}
