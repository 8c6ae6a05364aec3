import type { FunctionName } from './functions.ts';

/**
 * Whether concurrent executions of the account are set apart for functions that strangers reach, and bounded so: Lambda
 * wants 100 left for all else, and a new account may have 10 in all until it asks for more.
 */
export type Concurrency = 'set-apart' | 'shared';

/** How much of an account a function may take, and what becomes of what it could not do. */
export interface Limits {
  /** Invocations at once at most, set apart from the account's for it; absent: what the account has left. */
  atOnce?: number;
  /**
   * Of events that are handed over to it while nobody waits: how often one that failed is tried again, and seconds after
   * which it is given up. Then it is a dead letter. Absent where all callers wait: they are told, and ask again.
   */
  events?: { retries: 0 | 1 | 2; seconds: number };
  /** Whether X-Ray samples its invocations. */
  traced: boolean;
}

const [MINUTE, HOUR] = [60, 3600];

/**
 * Reserved is what strangers, storms of alarms or a busy day could otherwise take away from everything in the account;
 * the four together are 60 of the 1,000 that most accounts have.
 *
 * Traced is the way of a push, from the webhook to the cluster: where did the time go, and in which start. The others
 * are short and invoked by the clock, by an alarm or by a person who sees the answer; what they start is traced itself.
 *
 * No function has SnapStart, which Node.js does not have, or provisioned concurrency, which costs between pushes.
 */
export const LIMITS: Readonly<Record<FunctionName, Limits>> = {
  // Anybody can call it, so a flood takes 20 at most; each takes some 10 ms, a refused one too, so these answer well over
  // a thousand webhooks a second. What is turned away then is answered with 429, and found by the sweep's next round.
  // Git hosts wait for its answer; CodeCommit's events do not, and one that is late is found by the sweep before.
  'receive-push': { atOnce: 20, events: { retries: 2, seconds: HOUR }, traced: true },
  // Its executions sleep, and take nothing, while others work. A push that had to wait for six hours, the most that
  // Lambda keeps one, is still the branch's head; a later one is found by the sweep.
  deploy: { events: { retries: 2, seconds: 6 * HOUR }, traced: true },
  // ECR takes 10 manifests a second. The shortest builds last about 3 s, and put one or two: 30 come to that. The next
  // build is not refused but waits: the function deploy asks again.
  'build-image': { atOnce: 30, traced: true },
  // As many as there are deployments past their builds, which are bounded above.
  'roll-out': { traced: true },
  // A stranger's pull request has it look, so strangers take 5 at most. A look that fails is tried again, while the
  // delivery is fresh; a round that comes late is of no more use than the next one.
  sweep: { atOnce: 5, events: { retries: 2, seconds: 15 * MINUTE }, traced: false },
  // All alarms of the account ring here at once when a network breaks; five read the ledger fast enough for all. A
  // release is watched for hours at most: an alarm that is heard later takes nothing back.
  'watch-alarm': { atOnce: 5, events: { retries: 2, seconds: 2 * HOUR }, traced: false },
  // Whoever asks waits for the answer.
  operate: { traced: false },
};

/** What `set-apart` takes of the account's concurrent executions. */
export const SET_APART = Object.values(LIMITS).reduce((all, { atOnce = 0 }) => all + atOnce, 0);

/** What Lambda wants left for functions with nothing set apart ("Configuring reserved concurrency"). */
export const UNRESERVED = 100;
