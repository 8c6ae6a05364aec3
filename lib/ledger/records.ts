import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Push } from '../push/types.ts';
import type { Release } from '../release/types.ts';
import { BadCommits } from './bad-commits.ts';
import { type Listed, Listing } from './listing.ts';
import { type PastRelease, Releases } from './releases.ts';
import { isTouched } from './state.ts';
import { States } from './states.ts';
import { Table } from './table.ts';
import type { BadCommit, Claim, Course, Environment, LastGood, State } from './types.ts';

const DAY = 86_400;
/** Seconds that releases are kept after they were replaced or failed. The live one is kept. */
const KEPT = 180 * DAY;

/** What the ledger tells, and what is put on record without a claim. */
export class Records {
  protected readonly states: States;
  protected readonly releases: Releases;
  protected readonly bad: BadCommits;
  protected readonly listing: Listing;
  protected readonly now: () => number;

  /** `now` gives ms since the epoch. */
  constructor(client: DynamoDBClient, table: string, now: () => number = Date.now) {
    const items = new Table(client, table);
    this.states = new States(items);
    this.releases = new Releases(items);
    this.bad = new BadCommits(items);
    this.listing = new Listing(items);
    this.now = now;
  }

  /** Seconds since the epoch at which goes what is no longer needed. */
  protected expiry(): number {
    return Math.floor(this.now() / 1000) + KEPT;
  }

  /** The newest claim: whoever has a lower fence is superseded by it. */
  async newestClaim(environment: Environment): Promise<Claim | undefined> {
    return (await this.states.read(environment)).claim;
  }

  /** The newest claim, what is live, and whether the cluster may run something else than it should: what a sweep asks. */
  async standing(environment: Environment): Promise<Pick<State, 'claim' | 'live'> & { touched: boolean }> {
    const state = await this.states.read(environment);
    const { claim, live } = state;
    return { ...(claim && { claim }), ...(live && { live }), touched: isTouched(state) };
  }

  /** Remembers that `environment` does not take a commit. Of several reasons the first stays. */
  async markBad(environment: Environment, bad: BadCommit): Promise<void> {
    await this.bad.mark(environment, bad);
  }

  async badCommit(environment: Environment, commit: string): Promise<BadCommit | undefined> {
    return await this.bad.get(environment, commit);
  }

  /** All commits that `environment` does not take. */
  async badCommits(environment: Environment): Promise<BadCommit[]> {
    return await this.bad.list(environment);
  }

  /** Lets a commit be tried again, by the next push of it. */
  async forgive(environment: Environment, commit: string): Promise<void> {
    await this.bad.forgive(environment, commit);
    await this.states.decide(environment, (state) => {
      const { condemned, ...next } = state;
      return condemned?.commit === commit ? { answer: undefined, next } : { answer: undefined };
    });
  }

  /** The release that is live, or is to be brought back. */
  async live(environment: Environment): Promise<LastGood | undefined> {
    return (await this.states.read(environment)).live;
  }

  async releaseOf(environment: Environment, number: number): Promise<Release | undefined> {
    return await this.releases.get(environment, number);
  }

  /** Keeps what became of a release so far, in the place of what was kept of it before. */
  async note(environment: Environment, number: number, course: Course): Promise<void> {
    await this.releases.note(environment, number, course);
  }

  /** The last releases, the newest first. */
  async history(environment: Environment, limit: number): Promise<PastRelease[]> {
    return await this.releases.history(environment, limit);
  }

  /** Enters the environment of `push`, which the claim `fence` was made for, into the list of all. */
  async list(push: Push, fence: number): Promise<void> {
    const { app, environment } = push;
    const at = new Date(this.now()).toISOString();
    await this.listing.enter({ app, name: environment.name }, fence, push, at);
  }

  /** What the list has about one environment. */
  async listed(environment: Environment): Promise<Listed | undefined> {
    return await this.listing.get(environment);
  }

  /** All environments, by app and name, until they are removed. */
  async environments(): Promise<Listed[]> {
    return await this.listing.all();
  }
}
