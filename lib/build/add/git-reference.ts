/** A git source of ADD (BuildKit, frontend/dockerfile/dfgitutil `GitRef`). */
export interface GitReference {
  /** `https` and `http` can be fetched from; the others need the git program, or keys. */
  transport: 'http' | 'ssh' | 'git';
  /** Where the repository is, without fragment and query. */
  remote: string;
  /** A branch, a tag, a whole ref or a commit; the default branch when it is left out. */
  ref?: string;
  /** The commit that it has to be: all of its digits, or the first ones. */
  checksum?: string;
  /** The directory of the repository that is added. */
  subdirectory?: string;
  keepGitDir?: boolean;
  submodules?: boolean;
}

/** A git source that contradicts itself; the caller adds the line. */
export class BadGitReference extends Error {}

/** `git@host:path`, `user@host:path` as scp has it. */
const SCP = /^([a-zA-Z0-9-_]+)@([a-zA-Z0-9-.]+):(.*)$/;

/**
 * Reads a source of ADD as git: `https://host/repository.git#ref:directory`, `…​.git?branch=main&subdir=docs`,
 * `git@host:path`, `ssh://`, `git://`. Undefined for what is none: over HTTP only what ends with `.git` is a
 * repository. Throws BadGitReference. Pure.
 */
export function parseGitReference(text: string): GitReference | undefined {
  const scp = SCP.exec(text);
  if (scp !== null) {
    const [, user, host, rest = ''] = scp;
    const [before, fragment] = parted(rest, '#');
    const [path, query] = parted(before, '?');
    return withOptions({ transport: 'ssh', remote: `${user}@${host}:${path}` }, query, fragment);
  }
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase() ?? '';
  if (!['https', 'http', 'ssh', 'git'].includes(scheme)) return undefined;
  const url = URL.parse(text);
  const isWeb = scheme.startsWith('http');
  if (url === null || (isWeb && !url.pathname.endsWith('.git'))) return undefined;
  const remote = text.replace(/[?#].*$/s, '');
  const transport = isWeb ? 'http' : (scheme as 'ssh' | 'git');
  return withOptions({ transport, remote }, url.search.slice(1), decode(url.hash.slice(1)));
}

/** What is before the first `mark`, and what is behind it. */
function parted(text: string, mark: string): [before: string, behind: string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function withOptions(reference: GitReference, query: string, fragment: string): GitReference {
  const options = new Options(reference);
  const [ref = '', ...directory] = fragment.split(':');
  if (ref !== '') options.set('ref', ref);
  if (directory.length > 0) options.set('subdirectory', directory.join(':'));
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (seen.has(name)) throw new BadGitReference(`${name} is there twice`);
    seen.add(name);
    setQuery(options, name, value, seen);
  }
  if (reference.checksum !== undefined && reference.ref === undefined) reference.ref = reference.checksum;
  return reference;
}

function setQuery(options: Options, name: string, value: string, seen: ReadonlySet<string>): void {
  const isSwitch = name === 'keep-git-dir' || name === 'submodules';
  if (value === '' && !isSwitch) throw new BadGitReference(`${name}= has no value`);
  const within = (prefix: string) => (value.startsWith(prefix) ? value : `${prefix}${value}`);
  if (name === 'keep-git-dir') options.set('keepGitDir', switchOf(name, value));
  else if (name === 'submodules') options.set('submodules', switchOf(name, value));
  else if (name === 'ref') options.set('ref', value);
  else if (name === 'subdir') options.set('subdirectory', value);
  else if (name === 'checksum' || name === 'commit') options.set('checksum', value);
  else if (name === 'tag') options.set('ref', within('refs/tags/'));
  else if (name === 'branch' && !seen.has('tag')) options.set('ref', within('refs/heads/'));
  else throw new BadGitReference(name === 'branch' ? 'it has a tag and a branch' : `${name}= is unknown`);
}

class Options {
  readonly #reference: GitReference;

  constructor(reference: GitReference) {
    this.#reference = reference;
  }

  /** What is said twice has to be the same. */
  set<K extends keyof GitReference>(name: K, value: GitReference[K]): void {
    const before = this.#reference[name];
    if (before !== undefined && before !== value)
      throw new BadGitReference(`it says ${String(before)} and ${String(value)}`);
    this.#reference[name] = value;
  }
}

function switchOf(name: string, value: string): boolean {
  if (/^(|1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new BadGitReference(`${name}=${value} is neither true nor false`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
