import type { Git } from './git.ts';

export interface GitObject {
  sha: string;
  type: string;
}

/** Names of commits that may reach git's command line: no option, range, path or reflog syntax among them. */
const REVISION = /^(?!-)(?!.*(?:\.\.|@\{))[A-Za-z0-9._/+@-]+$/;

/** What the full name `ref` points to itself: a tag is not followed. */
export async function findRef(git: Git, directory: string, ref: string): Promise<GitObject | undefined> {
  if (!REVISION.test(ref)) return undefined;
  const output = await git.output(directory, [
    'for-each-ref',
    '--format=%(objectname) %(objecttype) %(refname)',
    ref,
  ]);
  // A name that is a folder of refs matches all in it.
  const line = output?.split('\n').find((candidate) => candidate.endsWith(` ${ref}`));
  const [sha, type] = line?.split(' ') ?? [];
  return sha === undefined || type === undefined ? undefined : { sha, type };
}

/** The commit that a commit id (also a short one), a branch or a tag names. */
export async function findCommit(git: Git, directory: string, revision: string): Promise<string | undefined> {
  if (!REVISION.test(revision)) return undefined;
  const output = await git.output(directory, ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`]);
  return output?.trim();
}

export async function findBranches(git: Git, directory: string): Promise<{ name: string; sha: string }[]> {
  const output = await git.output(directory, [
    'for-each-ref',
    '--format=%(objectname) %(refname:lstrip=2)',
    'refs/heads/',
  ]);
  return (output ?? '').split('\n').flatMap((line) => {
    const [sha, name] = line.split(' ');
    return sha === undefined || name === undefined ? [] : [{ name, sha }];
  });
}
