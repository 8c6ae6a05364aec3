import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rollbackTo } from '../../../lib/release/rollback.ts';
import type { Release } from '../../../lib/release/types.ts';
import { freshName, releaseOf } from './apps.ts';
import type { Implementation } from './implementation.ts';
import { Installation } from './installation.ts';
import { ask } from './load.ts';
import { Load, missingWrk, type Tally } from './wrk.ts';

interface Run {
  strategy: string;
  /** Lines of fairlead.yaml. */
  file: string;
  rollouts: number;
  rollbacks: number;
  /** Of the program. */
  env?: Record<string, string>;
}

const RUNS: Run[] = [
  { strategy: 'rolling', file: '', rollouts: 20, rollbacks: 5 },
  { strategy: 'blue-green', file: 'strategy: blue-green', rollouts: 3, rollbacks: 1 },
  {
    strategy: 'canary',
    file: 'strategy: { canary: { steps: [{ percent: 25, seconds: 1 }, { percent: 50, seconds: 1 }] } }',
    rollouts: 2,
    rollbacks: 1,
  },
];

/** A program that knows nothing of going: the kubelet's sleep alone keeps it until nobody asks it any more. */
const ABRUPT: Run = { strategy: 'rolling', file: '', rollouts: 3, rollbacks: 1, env: { ON_TERM: 'exit' } };

/** That nobody's request fails while releases come and go: kept connections and new ones, as fast as they go. */
export function loadSuite({ name: title, missing, lacks, start }: Implementation): void {
  const why = missing ?? missingWrk;
  describe.skipIf(why !== undefined)(`under load on ${title}${why ? ` (${why})` : ''}`, () => {
    let on: Installation;
    beforeAll(async () => {
      on = new Installation(await start());
    }, 120_000);
    afterEach(() => on?.tidy());
    afterAll(() => on?.close());

    it('would notice: with no pod, requests fail', async () => {
      const story = new Story(on, { strategy: 'rolling', file: '', rollouts: 0, rollbacks: 0 });
      const url = await story.begin();
      const loads = [new Load(url, 'kept'), new Load(url, 'new')];
      await on.kubectl('-n', story.name, 'scale', 'deployment', story.name, '--replicas=0');
      await sleep(10_000);
      const tallies = await Promise.all(loads.map((load) => load.stop()));
      for (const { failed } of tallies) expect(failed).toBeGreaterThan(0);
    }, 120_000);

    it.each(RUNS)(
      '$strategy: fails no request in $rollouts rollouts and $rollbacks rollbacks',
      async (run) => {
        const story = new Story(on, run);
        const tallies = await underLoad(story, ['kept', 'new']);
        console.log(`${title}, ${run.strategy}: kept and new ${JSON.stringify(tallies)}`);
        expect(tallies.map(({ errors }) => errors)).toEqual([NONE, NONE]);
        expect(Math.min(...tallies.map(({ requests }) => requests))).toBeGreaterThan(1000);
      },
      900_000,
    );

    // Connections that are kept it cuts when it ends: only new ones can be sent elsewhere without its help.
    it.skipIf(lacks.includes('sleep'))(
      'fails no request of a new connection to a program that ends as soon as it is told to',
      async () => {
        const [fresh] = await underLoad(new Story(on, ABRUPT), ['new']);
        console.log(`${title}, at once: new ${JSON.stringify(fresh)}`);
        expect(fresh?.errors).toEqual(NONE);
        expect(fresh?.requests).toBeGreaterThan(1000);
      },
      300_000,
    );
  });
}

/** What comes of requests all the while that the story goes on. */
async function underLoad(story: Story, connections: ('kept' | 'new')[]): Promise<Tally[]> {
  const url = await story.begin();
  const loads = connections.map((kind) => new Load(url, kind));
  try {
    await sleep(1000);
    await story.goOn();
    // Old pods drain, and what is stalled shows.
    await sleep(8000);
  } catch (error) {
    await Promise.all(loads.map((load) => load.stop()));
    throw error;
  }
  return Promise.all(loads.map((load) => load.stop()));
}

const NONE = { connect: 0, read: 0, write: 0, timeout: 0, status: 0, stalled: 0 };

/** One app's releases, one after another. */
class Story {
  readonly #on: Installation;
  readonly #run: Run;
  readonly name = freshName();
  #live: Release | undefined;
  #good: Release | undefined;
  #number = 0;

  constructor(on: Installation, run: Run) {
    this.#on = on;
    this.#run = run;
  }

  async begin(): Promise<string> {
    const answer = await this.#rollOut();
    if (answer.state !== 'live' || answer.url === undefined) throw new Error(JSON.stringify(answer));
    const { url } = answer;
    await expect.poll(() => ask(url).catch(() => ''), { timeout: 5000 }).toBe(`v${this.#number}`);
    return url;
  }

  async goOn(): Promise<void> {
    const { rollouts, rollbacks } = this.#run;
    const every = Math.floor(rollouts / rollbacks);
    for (let done = 1; done <= rollouts; done += 1) {
      expect(await this.#rollOut()).toMatchObject({ state: 'live' });
      if (done % every === 0) expect(await this.#rollBack()).toMatchObject({ state: 'live' });
    }
  }

  async #rollOut() {
    const number = ++this.#number;
    const release = releaseOf({
      name: this.name,
      image: this.#on.running.image,
      number,
      version: `v${number}`,
      file: this.#run.file,
      ...(this.#run.env && { env: this.#run.env }),
      ...(this.#live && { serving: this.#live }),
    });
    const answer = await this.#on.bringOut(release, number);
    this.#good = this.#live;
    this.#live = release;
    return answer;
  }

  /** Takes the release back that is live, as an alarm does after its bake. */
  async #rollBack() {
    const number = ++this.#number;
    if (this.#good === undefined || this.#live === undefined)
      throw new Error('there is nothing to go back to');
    const back = rollbackTo(this.#good, number, new Date(), this.#live);
    const answer = await this.#on.bringBack(this.#live, back, number);
    this.#live = back;
    return answer;
  }
}
