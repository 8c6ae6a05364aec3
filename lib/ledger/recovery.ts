import type { Push } from '../push/types.ts';
import type { Release } from '../release/types.ts';
import { Ledger } from './ledger.ts';
import { decideMissing, decideRecover, doubted, isBehind, type RecoverAnswer } from './recover.ts';
import type { Environment, LastGood } from './types.ts';

/** What was found of an environment in the cluster. */
export interface Evidence {
  execution: string;
  delivery: string;
  fence: number;
  number: number;
  /** The release that runs, and where it is reached. */
  release?: Release;
  url?: string;
  /** The push that the environment is of, as far as the cluster knows. */
  push?: Push;
}

/** What the release that runs is kept as: not what it was brought out as, but what is left of that. */
const NOTE = 'found in the cluster when the ledger was recovered';

/** The ledger, as it takes back from the cluster what it has lost. Every call may be repeated. */
export class Recovery extends Ledger {
  /** Of a ledger that is behind the cluster: what runs is live again, under a fence greater than any. */
  async recover(environment: Environment, evidence: Evidence): Promise<RecoverAnswer> {
    const { fence, release, url, push } = evidence;
    const [before, [newest]] = await Promise.all([
      this.states.read(environment),
      this.history(environment, 1),
    ]);
    const onRecord = newest?.number ?? 0;
    const seen = { fence, number: evidence.number, ...(release && { runs: runningAs(release) }) };
    const kept =
      release && isBehind(before, seen)
        ? await this.#keep(environment, release, Math.max(evidence.number, onRecord))
        : release;
    const runs: LastGood | undefined = kept && {
      ...runningAs(kept),
      ...(url !== undefined && { url }),
      liveSince: new Date(this.now()).toISOString(),
    };
    const answer = await this.states.decide(environment, (state) =>
      decideRecover(state, { ...evidence, onRecord, now: this.now(), ...(runs && { runs }) }),
    );
    if (answer.is === 'recovered' && push !== undefined) await this.list(push, answer.fence);
    return answer;
  }

  /** Of an environment that the cluster does not know. */
  async miss(environment: Environment): Promise<RecoverAnswer> {
    return await this.states.decide(environment, (state) => decideMissing(state, { now: this.now() }));
  }

  /** Has the next deployment bring the environment out, whatever the cluster says. */
  async doubt(environment: Environment): Promise<void> {
    await this.states.decide(environment, (state) => {
      const next = doubted(state);
      return next === state ? { answer: undefined } : { answer: undefined, next };
    });
  }

  /** Before anything names it. Under another number where that is another release's: of pushes after the loss. */
  async #keep(environment: Environment, release: Release, newest: number): Promise<Release> {
    const known = await this.releases.get(environment, release.number);
    if (known !== undefined && known.commit === release.commit && known.image === release.image) return known;
    const number = known === undefined ? release.number : newest + 1;
    const kept = await this.releases.keep(environment, { ...release, number });
    await this.releases.judge(environment, number, { is: 'live', notes: [NOTE] });
    return kept;
  }
}

function runningAs({ number, commit }: Release): LastGood {
  return { release: number, commit };
}
