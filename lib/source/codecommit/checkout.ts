import fs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import git from 'isomorphic-git';
import { FairleadError, messageOf } from '../../errors.ts';
import type { Notice } from '../types.ts';
import { unpack } from '../unpack.ts';
import { gitHttp } from './http.ts';
import type { CheckOut, Remote } from './remote.ts';
import { treeArchive } from './tree.ts';

/** Bytes of a pack, which is held in memory. */
const LARGEST_PACK = 512 * 1024 ** 2;

/**
 * Puts the files of `commit` into `directory`, which is there and empty, as {@link unpack} does with an archive. Only the
 * newest commit of a branch can be had alone; for an older one the repository's whole history is fetched.
 * @throws FairleadError `source/no-commit`, and what {@link gitHttp} and {@link unpack} throw
 */
export async function checkOut(
  remote: Remote,
  { commit, directory, operation, limits }: CheckOut,
): Promise<Notice[]> {
  const gitdir = await mkdtemp(join(tmpdir(), 'fairlead-git-'));
  try {
    const repository = { fs, gitdir, cache: {} };
    await reading(operation, () => fetchCommit(repository, remote, commit, operation));
    return await unpack(treeArchive(repository, commit), directory, operation, limits);
  } finally {
    await rm(gitdir, { recursive: true, force: true });
  }
}

/** A repository on disk, as isomorphic-git is told of it. */
export interface Local {
  fs: typeof fs;
  gitdir: string;
  cache: object;
}

async function fetchCommit(
  repository: Local,
  { url, password }: Remote,
  commit: string,
  operation: string,
): Promise<void> {
  const http = gitHttp(operation, LARGEST_PACK);
  const headers: Record<string, string> =
    password === undefined ? {} : { authorization: `Basic ${Buffer.from(password).toString('base64')}` };
  const from = { ...repository, http, url, headers, remote: 'origin', tags: false };
  await git.init({ ...repository, bare: true, defaultBranch: 'main' });
  await git.addRemote({ ...repository, remote: 'origin', url });
  const refs = await git.listServerRefs({ http, url, headers, prefix: 'refs/heads/', protocolVersion: 1 });
  const tip = refs.find(({ oid }) => oid === commit);
  if (tip !== undefined) {
    await git.fetch({ ...from, ref: tip.ref, remoteRef: tip.ref, singleBranch: true, depth: 1 });
    if (await has(repository, commit)) return;
  }
  // It moved on, just now or long ago: what a server gives out without its being asked by name is all there is.
  if (refs.length > 0) await git.fetch(from);
  if (await has(repository, commit)) return;
  throw new FairleadError({
    code: 'source/no-commit',
    operation,
    cause: 'no branch of the repository has this commit any more',
    remedy: 'push the branch again',
  });
}

async function has(repository: Local, commit: string): Promise<boolean> {
  return await git.readCommit({ ...repository, oid: commit }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof git.Errors.NotFoundError) return false;
      throw error;
    },
  );
}

/** What isomorphic-git throws is about what came over the line, as far as it is nothing of ours. */
async function reading<T>(operation: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof FairleadError) throw error;
    const cause = `git cannot read what CodeCommit sent: ${messageOf(error)}`;
    throw new FairleadError(
      { code: 'source/broken-archive', operation, cause, temporary: true },
      { cause: error },
    );
  }
}
