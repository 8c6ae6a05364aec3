import type { PastRelease } from '../ledger/releases.ts';
import type { BadCommit, Environment, LastGood } from '../ledger/types.ts';
import type { DeadLetter } from './dead-letters.ts';
import type { Webhooks } from './webhooks.ts';

/** How one environment stands. */
export interface EnvironmentStatus extends Environment {
  namespace: string;
  /** `owner/name` */
  repository: string;
  branch: string;
  /** ISO 8601: of the newest push. */
  pushedAt: string;
  live?: LastGood;
  /** What an execution is at work on. */
  underWay?: { what: 'deploy' | 'roll-back' | 'remove'; commit: string };
  /** The newest release, with its verdict. */
  newest?: PastRelease;
  bad: readonly BadCommit[];
}

/** What the function operate answers. */
export type OperateAnswer =
  | { is: 'status'; environments: readonly EnvironmentStatus[] }
  /** The newest first; `live` is the number of the one that is live. */
  | { is: 'releases'; environment: Environment; live?: number; releases: readonly PastRelease[] }
  | { is: 'diff'; environment: Environment; release: PastRelease }
  /** An execution of deploy is at work; ask for its `progress`. */
  | { is: 'started'; environment: Environment; execution: string; from?: Named; to?: Named }
  /** `sweep` will ask the git host, and act; there is nothing to be followed. */
  | { is: 'asked'; message: string }
  | { is: 'forgiven'; environment: Environment; bad: BadCommit; execution?: string }
  /** What waits; what was sent once more, or, without a function, was left; what was dropped. */
  | { is: 'dead-letters' | 'replayed' | 'discarded'; letters: readonly DeadLetter[] }
  | ({ is: 'webhooks' } & Webhooks)
  | { is: 'going-on' }
  /** `outcome` is that of a push (lib/report/story.ts). */
  | {
      is: 'ended';
      outcome: string;
      message: string;
      environments?: readonly RecoveredEnvironment[];
      findings?: readonly Finding[];
    }
  /** It cannot be done, and why. */
  | { is: 'refused'; code: string; cause: string; remedy?: string };

export interface Named {
  release: number;
  commit: string;
}

/** What a recovery has found out about an environment; `unread` is a namespace that it may not look into. */
export interface RecoveredEnvironment extends Environment {
  is: 'recovered' | 'missing' | 'at-work' | 'as-known' | 'unread';
  message: string;
}

/** Whether something that a deployment needs is there, as the functions themselves see it. */
export interface Finding {
  is: 'ok' | 'not-ok';
  /** `cluster`, `ledger`, `git host` */
  about: string;
  says: string;
  remedy?: string;
}
