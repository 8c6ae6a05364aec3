import { fault, type Position } from '../../dockerfile/faults.ts';
import type { CopyInstruction, Heredoc } from '../../dockerfile/types.ts';
import type { CopySource } from '../copy/copy.ts';
import { CopyProblem } from '../copy/copy-problem.ts';
import { isPattern } from '../copy/wildcard.ts';
import { keepBytes } from '../disk/keep-bytes.ts';
import type { Store } from '../store/store.ts';
import { Tree } from '../tree.ts';
import { type Downloads, download, fileName } from './download.ts';
import { fetchGit } from './git.ts';
import { BadGitReference, type GitReference, parseGitReference } from './git-reference.ts';

/** A source by what it is. Sources of COPY are paths, all of them. */
export type Source =
  | { kind: 'path'; path: string }
  | { kind: 'url'; url: URL }
  | { kind: 'git'; reference: GitReference };

type Told = Pick<CopyInstruction, 'keyword' | 'checksum' | 'keepGitDir' | 'from'>;

/** Tells what the sources of COPY or ADD are. Throws FairleadError `dockerfile/…` at `position`. Pure. */
export function tellSources(
  paths: readonly string[],
  { keyword, checksum, keepGitDir, from }: Told,
  position: Position,
): Source[] {
  const sources = paths.map((path) => tellSource(path, position));
  const bad = (cause: string, remedy: string) => fault(position, 'bad-argument', cause, remedy);
  if (from === undefined) for (const source of sources) refuseMalformed(source, keyword, position);
  const remote = sources.find(({ kind }) => kind !== 'path');
  if (keyword === 'COPY' && remote !== undefined)
    throw bad(`COPY cannot take ${remote.kind === 'git' ? 'from git' : 'a URL'}`, 'write ADD');
  if (checksum !== undefined && (sources.length !== 1 || remote === undefined))
    throw bad('--checksum is for one source alone, a URL or git', 'give it an ADD of its own');
  return sources.map((source) => {
    if (source.kind !== 'git') return source;
    const { reference } = source;
    const agree = (one: unknown, other: unknown) => one === undefined || other === undefined || one === other;
    if (!agree(checksum, reference.checksum) || !agree(keepGitDir, reference.keepGitDir))
      throw bad('the flags and the address say different things', 'say it once');
    const said = {
      ...(checksum === undefined ? {} : { checksum }),
      ...(keepGitDir === undefined ? {} : { keepGitDir }),
    };
    return { kind: 'git', reference: { ...reference, ...said } };
  });
}

// BuildKit gives the patterns of a context to a matcher that refuses these, and takes those of a stage to match nothing.
function refuseMalformed(source: Source, keyword: string, position: Position): void {
  if (source.kind !== 'path' || isPattern(source.path)) return;
  const remedy = source.path.startsWith('[')
    ? `if JSON is meant, it needs double quotes: ${keyword} ["source", "destination"]`
    : 'a [ or \\ that is part of a name is written with a \\ before it';
  throw fault(position, 'bad-argument', `${source.path} is no pattern that can be matched`, remedy);
}

function tellSource(path: string, position: Position): Source {
  try {
    const reference = parseGitReference(path);
    if (reference !== undefined) return { kind: 'git', reference };
  } catch (error) {
    if (!(error instanceof BadGitReference)) throw error;
    throw fault(
      position,
      'bad-argument',
      `${path} cannot be read as git: ${error.message}`,
      'say each thing once',
    );
  }
  if (!/^https?:\/\//.test(path)) return { kind: 'path', path };
  const url = URL.parse(path);
  if (url === null) throw fault(position, 'bad-argument', `${path} is not a URL`);
  return { kind: 'url', url };
}

/** Brings a URL's file, or a repository's, onto this machine. Throws as `download` and `fetchGit`. */
export async function fetchSource(
  source: Source & { kind: 'url' | 'git' },
  { checksum, mtime }: { checksum: string | undefined; mtime: number },
  given: Downloads,
): Promise<CopySource> {
  if (source.kind === 'git')
    return { tree: await fetchGit(source.reference, mtime, given), path: '', as: 'whole' };
  const { sha, size } = await download(source.url, sha256Of(checksum), given);
  return oneFile(fileName(source.url), { sha, size, mode: 0o600, mtime, store: given.store });
}

function sha256Of(checksum: string | undefined): string | undefined {
  if (checksum === undefined) return undefined;
  const [, digits] = /^sha256:([0-9a-f]{64})$/.exec(checksum) ?? [];
  if (digits !== undefined) return digits;
  throw new CopyProblem('bad-flag', `--checksum=${checksum} is not sha256: and 64 hexadecimal digits`);
}

/** A file whose text stands in the Dockerfile. */
export function inlineSource({ name }: Heredoc, content: string, mtime: number, store: Store): CopySource {
  return oneFile(name, { ...keepBytes(store, Buffer.from(content)), mode: 0o644, mtime, store });
}

function oneFile(
  name: string,
  { sha, size, mode, mtime, store }: { sha: string; size: number; mode: number; mtime: number; store: Store },
): CopySource {
  const tree = new Tree();
  const content = { from: 'disk' as const, file: store.file(sha) };
  tree.set(name, { type: 'file', mode, uid: 0, gid: 0, mtime, size, sha, content });
  return { tree, path: name, as: 'plain' };
}
