import { OWNER } from './payload.ts';
import { isNone, type RefUpdate } from './updates.ts';

interface Activity {
  id: number;
  ref: string;
  before: string;
  after: string;
  timestamp: string;
  activity_type: 'push' | 'branch_creation' | 'branch_deletion';
  actor: { login: string };
}

/** Activities of a repository that are remembered. */
const MOST = 1000;

/** What was pushed to each repository, in memory (docs.github.com, "Repositories", List repository activities). */
export class Activities {
  readonly #byRepository = new Map<string, Activity[]>();
  #lastId = 0;

  note(repository: string, updates: readonly RefUpdate[]): void {
    const timestamp = new Date().toISOString();
    const news = updates.map(
      ({ ref, before, after }): Activity => ({
        id: ++this.#lastId,
        ref,
        before,
        after,
        timestamp,
        activity_type: isNone(after) ? 'branch_deletion' : isNone(before) ? 'branch_creation' : 'push',
        actor: { login: OWNER },
      }),
    );
    this.#byRepository.set(repository, [...news.reverse(), ...this.of(repository)].slice(0, MOST));
  }

  /** The newest first. */
  of(repository: string): Activity[] {
    return this.#byRepository.get(repository) ?? [];
  }
}
