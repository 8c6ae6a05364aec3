import { callJson } from '../../aws/call.ts';
import type { Aws } from '../../aws/types.ts';
import { FairleadError, messageOf } from '../../errors.ts';
import { nameOf } from '../ask.ts';
import type { Access, Forge } from '../forge.ts';
import type { Asked, Head, Notice, Pushed, Repository } from '../types.ts';
import type { Limits } from '../unpack.ts';
import { repositoryUrl } from './remote.ts';

/** How many branches are asked for at a time; AWS throttles what asks for more. */
const AT_ONCE = 5;
/** What one BatchGetCommits takes. */
const MOST_COMMITS = 100;
const DAY = 86_400_000;

/** AWS CodeCommit, in the installation's account and region. It has no archives, and shows no statuses beside commits. */
export class CodeCommit implements Forge {
  readonly kind = 'codecommit';
  readonly #access: Access;

  /** The token of `access` is what gitPassword() makes; its `apiUrl` is where git finds repositories. */
  constructor(access: Access) {
    this.#access = access;
  }

  /** AWS CodeCommit API Reference, GetBranch. */
  async head(repository: Repository, branch: string): Promise<Head> {
    const operation = `reading the head of ${branch} of ${nameOf(repository)}`;
    const found = await this.#asking(operation, (aws) => headOf(aws, repository, branch));
    return found.is === 'absent' || found.value === undefined
      ? { is: 'gone' }
      : { is: 'found', commit: found.value };
  }

  async download(
    repository: Repository,
    commit: string,
    directory: string,
    limits?: Limits,
  ): Promise<Notice[]> {
    const operation = `downloading ${nameOf(repository)} at ${commit}`;
    const { apiUrl, token, checkOut } = this.#access;
    if (checkOut === undefined) throw new Error(`${operation}: nothing here reads commits`);
    const remote = { url: repositoryUrl(apiUrl, repository), password: await token?.(repository) };
    return await checkOut(remote, { commit, directory, operation, ...(limits && { limits }) });
  }

  archiveUrl(): undefined {
    return undefined;
  }

  /** CodeCommit shows none. */
  async setStatus(): Promise<void> {}

  /** AWS CodeCommit API Reference, ListBranches and, as that has names alone, GetBranch. */
  async branches(repository: Repository): Promise<Asked<ReadonlyMap<string, string>>> {
    const operation = `listing the branches of ${nameOf(repository)}`;
    return await this.#asking(operation, async (aws) => {
      const names = await namesOf(aws, repository);
      const heads = new Map<string, string>();
      for (let from = 0; from < names.length; from += AT_ONCE) {
        const some = names.slice(from, from + AT_ONCE);
        const found = await Promise.all(some.map((name) => headOf(aws, repository, name)));
        // What is gone since it was listed is none.
        for (const [at, commit] of found.entries()) if (commit) heads.set(some[at] ?? '', commit);
      }
      return heads;
    });
  }

  /** AWS CodeCommit API Reference, BatchGetCommits: when the heads were committed, as it keeps no account of pushes. */
  async pushedToday(repository: Repository): Promise<Asked<Pushed[]>> {
    const heads = await this.branches(repository);
    if (heads.is === 'absent') return heads;
    const operation = `reading what was pushed to ${nameOf(repository)}`;
    return await this.#asking(operation, async (aws) => {
      const today = await committedToday(aws, repository, [...new Set(heads.value.values())]);
      return [...heads.value]
        .filter(([, commit]) => today.has(commit))
        .map(([branch, commit]) => ({ branch, commit }));
    });
  }

  async currentName(repository: Repository): Promise<string | undefined> {
    const operation = `looking for the repository ${nameOf(repository)}`;
    const listed = await this.#asking(operation, (aws) => listBranches(aws, repository));
    return listed.is === 'found' ? nameOf(repository) : undefined;
  }

  async #asking<T>(operation: string, act: (aws: Aws) => Promise<T>): Promise<Asked<T>> {
    const { aws } = this.#access;
    if (aws === undefined) throw new Error(`${operation}: nothing here asks AWS`);
    try {
      return { is: 'found', value: await act(aws) };
    } catch (error) {
      if (isNamed(error, 'RepositoryDoesNotExistException')) return { is: 'absent' };
      throw faultOf(error, operation);
    }
  }
}

/** The commit that a branch is at; undefined for one that is not there. */
async function headOf(aws: Aws, { name }: Repository, branch: string): Promise<string | undefined> {
  try {
    const { branch: found } = await ask(aws, 'GetBranch', { repositoryName: name, branchName: branch });
    return (found as { commitId?: string } | undefined)?.commitId;
  } catch (error) {
    if (isNamed(error, 'BranchDoesNotExistException')) return undefined;
    throw error;
  }
}

interface BranchPage {
  branches?: string[];
  nextToken?: string;
}

async function listBranches(aws: Aws, { name }: Repository, nextToken?: string): Promise<BranchPage> {
  return await ask(aws, 'ListBranches', { repositoryName: name, ...(nextToken && { nextToken }) });
}

async function namesOf(aws: Aws, repository: Repository): Promise<string[]> {
  const names: string[] = [];
  let next: string | undefined;
  do {
    const page = await listBranches(aws, repository, next);
    names.push(...(page.branches ?? []));
    next = page.nextToken;
  } while (next);
  return names;
}

async function committedToday(
  aws: Aws,
  { name: repositoryName }: Repository,
  all: readonly string[],
): Promise<Set<string>> {
  const today = new Set<string>();
  for (let from = 0; from < all.length; from += MOST_COMMITS) {
    const commitIds = all.slice(from, from + MOST_COMMITS);
    const answer = await ask(aws, 'BatchGetCommits', { repositoryName, commitIds });
    const commits = (answer.commits ?? []) as { commitId: string; committer?: { date?: string } }[];
    for (const { commitId, committer } of commits) {
      // Seconds since 1970, a blank, and the zone.
      const seconds = Number(committer?.date?.split(' ')[0]);
      if (Date.now() - seconds * 1000 < DAY) today.add(commitId);
    }
  }
  return today;
}

function ask(aws: Aws, action: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
  return callJson(aws, 'codecommit', `CodeCommit_20150413.${action}`, input);
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function faultOf(error: unknown, operation: string): FairleadError {
  const { name, status } = error as { name?: string; status?: number };
  const denied = /AccessDenied|EncryptionKey/.test(name ?? '');
  const temporary = !denied && (status === undefined || status >= 500 || /Throttl/.test(name ?? ''));
  return new FairleadError(
    {
      code: temporary ? 'source/unreachable' : 'source/refused',
      operation,
      cause: messageOf(error),
      ...(denied
        ? { remedy: 'name the repository in fairlead.config.ts, and deploy the installation again' }
        : {}),
      temporary,
    },
    { cause: error },
  );
}
