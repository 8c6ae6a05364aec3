import type { Git } from './git.ts';
import { findRef } from './refs.ts';
import type { Repository } from './repositories.ts';
import { isNone, type RefUpdate } from './updates.ts';

/** A comment in the conversation of a pull request. */
export interface Comment {
  id: number;
  body: string;
  by: string;
  createdAt: string;
  updatedAt: string;
}

export interface PullRequest {
  number: number;
  title: string;
  state: 'open' | 'closed';
  by: string;
  /** The repository that it is for, and the branch of it. */
  base: { repository: Repository; branch: string };
  /** Where its commits come from: the same repository, or a fork of it. */
  head: { repository: Repository; branch: string; commit: string };
  labels: string[];
  comments: Comment[];
  createdAt: string;
  updatedAt: string;
}

/** What happened to a pull request, by GitHub's names of it. */
export interface PullEvent {
  action: 'opened' | 'reopened' | 'synchronize' | 'closed' | 'labeled';
  pull: PullRequest;
  label?: string;
}

/** Pull requests, in memory; their heads are refs of the repository that they are for: `refs/pull/N/head`. */
export class Pulls {
  readonly #git: Git;
  readonly #all: PullRequest[] = [];
  readonly #tell: (event: PullEvent) => void;
  #lastComment = 0;

  /** `tell` hears of everything that happens to one. */
  constructor(git: Git, tell: (event: PullEvent) => void) {
    this.#git = git;
    this.#tell = tell;
  }

  /** Of a repository, the newest first. */
  of({ name }: Repository): PullRequest[] {
    return this.#all.filter(({ base }) => base.repository.name === name).reverse();
  }

  find(repository: Repository, number: number): PullRequest | undefined {
    return this.of(repository).find((pull) => pull.number === number);
  }

  /** Undefined where there is no such branch. */
  async open(
    wanted: Pick<PullRequest, 'title' | 'by' | 'base'> & { head: { repository: Repository; branch: string } },
  ): Promise<PullRequest | undefined> {
    const { repository, branch } = wanted.head;
    const found = await findRef(this.#git, repository.directory, `refs/heads/${branch}`);
    if (found === undefined) return undefined;
    const now = new Date().toISOString();
    const pull: PullRequest = {
      ...wanted,
      number: this.of(wanted.base.repository).length + 1,
      state: 'open',
      head: { ...wanted.head, commit: found.sha },
      labels: [],
      comments: [],
      createdAt: now,
      updatedAt: now,
    };
    await this.#fetch(pull);
    this.#all.push(pull);
    this.#tell({ action: 'opened', pull });
    return pull;
  }

  setState(pull: PullRequest, state: 'open' | 'closed'): void {
    if (pull.state === state) return;
    pull.state = state;
    this.#touch(pull);
    this.#tell({ action: state === 'open' ? 'reopened' : 'closed', pull });
  }

  label(pull: PullRequest, label: string): void {
    if (pull.labels.includes(label)) return;
    pull.labels.push(label);
    this.#touch(pull);
    this.#tell({ action: 'labeled', pull, label });
  }

  comment(pull: PullRequest, by: string, body: string): Comment {
    const now = new Date().toISOString();
    const comment = { id: ++this.#lastComment, body, by, createdAt: now, updatedAt: now };
    pull.comments.push(comment);
    this.#touch(pull);
    return comment;
  }

  /** Changes a comment of any pull request of `repository`. */
  editComment(repository: Repository, id: number, body: string): [PullRequest, Comment] | undefined {
    for (const pull of this.of(repository)) {
      const comment = pull.comments.find((candidate) => candidate.id === id);
      if (comment === undefined) continue;
      comment.body = body;
      comment.updatedAt = new Date().toISOString();
      return [pull, comment];
    }
    return undefined;
  }

  /** Moves the pull requests of branches that were pushed, and closes those whose branch is gone, as GitHub does. */
  async follow(repository: Repository, updates: readonly RefUpdate[]): Promise<void> {
    for (const { ref, after } of updates) {
      const moved = this.#all.filter(
        ({ state, head }) =>
          state === 'open' && head.repository.name === repository.name && ref === `refs/heads/${head.branch}`,
      );
      for (const pull of moved) {
        if (isNone(after)) this.setState(pull, 'closed');
        else await this.#moved(pull, after);
      }
    }
  }

  async #moved(pull: PullRequest, commit: string): Promise<void> {
    pull.head.commit = commit;
    await this.#fetch(pull);
    this.#touch(pull);
    this.#tell({ action: 'synchronize', pull });
  }

  /** Brings the head's objects over: what a fork has is not here. */
  async #fetch({ number, base, head }: PullRequest): Promise<void> {
    const refspec = `+refs/heads/${head.branch}:refs/pull/${number}/head`;
    const options = ['--quiet', '--no-tags', '--no-write-fetch-head'];
    await this.#git.output(base.repository.directory, [
      'fetch',
      ...options,
      head.repository.directory,
      refspec,
    ]);
  }

  #touch(pull: PullRequest): void {
    pull.updatedAt = new Date().toISOString();
  }
}
