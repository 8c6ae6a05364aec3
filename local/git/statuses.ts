/** States that GitHub takes for a commit status. */
export const STATES = ['error', 'failure', 'pending', 'success'] as const;

export interface Status {
  id: number;
  state: (typeof STATES)[number];
  target_url: string | null;
  description: string | null;
  context: string;
  created_at: string;
  updated_at: string;
}

/** Commits whose statuses are remembered. */
const MOST_COMMITS = 1000;

/** Commit statuses, in memory. */
export class Statuses {
  readonly #byCommit = new Map<string, Status[]>();
  #lastId = 0;

  add(
    repository: string,
    commit: string,
    wanted: Pick<Status, 'state' | 'target_url' | 'description' | 'context'>,
  ): Status {
    this.#lastId += 1;
    const now = new Date().toISOString();
    const status = { id: this.#lastId, ...wanted, created_at: now, updated_at: now };
    const key = `${repository}@${commit}`;
    this.#byCommit.set(key, [status, ...this.of(repository, commit)]);
    const oldest = this.#byCommit.keys().next().value;
    if (this.#byCommit.size > MOST_COMMITS && oldest !== undefined) this.#byCommit.delete(oldest);
    return status;
  }

  /** Newest first. */
  of(repository: string, commit: string): Status[] {
    return this.#byCommit.get(`${repository}@${commit}`) ?? [];
  }
}
