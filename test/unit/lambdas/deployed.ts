import type { Ledger } from '../../../lib/ledger/ledger.ts';
import type { LastGood } from '../../../lib/ledger/types.ts';
import type { Push } from '../../../lib/push/types.ts';
import type { Bake, Release } from '../../../lib/release/types.ts';

export const NO_BAKE: Bake = {
  seconds: 0,
  alarms: [],
  checks: [],
  restarts: 0,
  unknown: 'keep',
  watchFor: 0,
};

export interface Deployed {
  app: string;
  environment?: string;
  commit: string;
  bake?: Partial<Bake>;
  watch?: Pick<LastGood, 'liveSince' | 'watchUntil' | 'ringing'>;
  /** The release fails instead, and its commit is marked bad. */
  fails?: string;
}

/** Has the ledger know a release that went live, or failed, as an execution of deploy leaves it. */
export async function deployed(ledger: Ledger, given: Deployed): Promise<Release> {
  const { app, environment: name = 'production', commit, bake, watch, fails } = given;
  const environment = { app, name };
  const by = { execution: `arn:${app}/${name}/${commit}`, delivery: `delivery-${commit}` };
  const claim = await ledger.claim(environment, by, async () => commit);
  if (claim.is !== 'claimed') throw new Error(`the claim is ${claim.is}`);
  await ledger.list(pushOf(app, name, commit), claim.fence);
  const made = await ledger.release(environment, claim.fence, (number) => ({
    number,
    app,
    environment: name,
    namespace: `${app}-space`,
    commit,
    image: `registry/fairlead/${app}@sha256:${commit}`,
    jobs: [],
    resources: [],
    strategy: { kind: 'rolling' },
    bake: { ...NO_BAKE, ...bake },
    createdAt: new Date().toISOString(),
  }));
  if (made.is !== 'made') throw new Error(`the release is ${made.is}`);
  const { number } = made.release;
  if (fails !== undefined) {
    await ledger.markBad(environment, { commit, reason: fails, at: new Date().toISOString() });
    // What ran before is taken for brought back.
    const live = await ledger.live(environment);
    const verdict = { is: 'failed', reason: fails } as const;
    await ledger.settle(environment, { fence: claim.fence, runs: live ?? 'nothing' }, [{ number, verdict }]);
    return made.release;
  }
  const url = `http://${app}.test`;
  const runs = { release: number, commit, url, ...watch };
  await ledger.settle(environment, { fence: claim.fence, runs }, [{ number, verdict: { is: 'live', url } }]);
  return made.release;
}

export function pushOf(app: string, environment: string, after: string): Push {
  return {
    host: 'github',
    owner: 'acme',
    repository: app,
    ref: 'refs/heads/main',
    before: '0'.repeat(40),
    after,
    delivery: `delivery-${after}`,
    app,
    branch: 'main',
    environment: { name: environment, namespace: `${app}-space` },
  };
}
