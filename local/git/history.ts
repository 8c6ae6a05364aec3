import type { Git } from './git.ts';
import { isNone, type RefUpdate } from './updates.ts';

interface Person {
  name: string;
  email: string;
  /** ISO 8601 with the zone of the author. */
  date: string;
}

/** A commit, and which files it changed against its first parent. */
export interface Commit {
  id: string;
  tree: string;
  parents: string[];
  author: Person;
  committer: Person;
  message: string;
  added: string[];
  removed: string[];
  modified: string[];
}

/** As many commits as a push tells of. GitHub tells of 20 too, and no host of all. */
const MOST_COMMITS = 20;

/** Paths that one commit tells of; a first commit may have a hundred thousand. */
const MOST_PATHS = 3000;

const FIELDS = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B'];
const FORMAT = `--format=${FIELDS.map((field) => `${field}%x00`).join('')}`;

/**
 * The newest commits that a push brought to its ref, oldest first, and the commit it ends at: one `git log` for all.
 * @param together all refs of the same push, so that a new branch is not empty for being pushed with another one
 */
export async function pushed(
  git: Git,
  directory: string,
  update: RefUpdate,
  together: RefUpdate[],
): Promise<{ commits: Commit[]; head?: Commit }> {
  if (isNone(update.after)) return { commits: [] };
  const known = isNone(update.before)
    ? [...together.map(({ ref }) => `--exclude=${ref}`), '--glob=refs/heads/*']
    : [update.before];
  const commits = (
    await log(git, directory, [`--max-count=${MOST_COMMITS}`, update.after, '--not', ...known])
  ).reverse();
  const head = commits.at(-1) ?? (await commit(git, directory, update.after));
  return head === undefined ? { commits } : { commits, head };
}

/** The commit that `revision` names; a tag is followed. `undefined` where there is none. */
export async function commit(git: Git, directory: string, revision: string): Promise<Commit | undefined> {
  return (await log(git, directory, ['--max-count=1', revision]))[0];
}

async function log(git: Git, directory: string, what: string[]): Promise<Commit[]> {
  const how = [
    '-z',
    '--name-status',
    '--no-renames',
    '--diff-merges=first-parent',
    '--encoding=UTF-8',
    FORMAT,
  ];
  const output = await git.output(directory, ['log', ...how, ...what, '--']);
  return output === undefined ? [] : parseLog(output);
}

/**
 * Parses what `git log -z --name-status` prints in the format above. Between the fields of a commit and the next
 * commit come pairs of status letter and path; a path is only ever read after its letter, so it may look like anything.
 */
export function parseLog(output: string): Commit[] {
  const commits: Commit[] = [];
  const tokens = output.split('\0');
  for (let at = 0; at < tokens.length; ) {
    const token = (tokens[at] ?? '').trimStart();
    if (/^[0-9a-f]{40,64}$/.test(token)) {
      commits.push(commitOf([token, ...tokens.slice(at + 1, at + FIELDS.length)]));
      at += FIELDS.length;
    } else if (/^[A-Z]$/.test(token)) {
      note(commits.at(-1), token, tokens[at + 1] ?? '');
      at += 2;
    } else at += 1;
  }
  return commits;
}

function commitOf(fields: string[]): Commit {
  const [id = '', tree = '', parents = '', name = '', email = '', date = '', ...rest] = fields;
  const [committer = '', committerEmail = '', committed = '', message = ''] = rest;
  return {
    id,
    tree,
    parents: parents.split(' ').filter((parent) => parent !== ''),
    author: { name, email, date },
    committer: { name: committer, email: committerEmail, date: committed },
    message: message.trimEnd(),
    added: [],
    removed: [],
    modified: [],
  };
}

function note(commit: Commit | undefined, status: string, path: string): void {
  const list = status === 'A' ? commit?.added : status === 'D' ? commit?.removed : commit?.modified;
  if (list !== undefined && list.length < MOST_PATHS) list.push(path);
}
