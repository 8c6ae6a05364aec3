import { messageOf } from '../../lib/errors.ts';
import type { Listed } from '../../lib/ledger/listing.ts';
import { isStuck } from '../../lib/ledger/state.ts';
import { log } from '../../lib/log.ts';
import { previewsFor, rulesFor } from '../../lib/push/installation.ts';
import { noneBeside } from '../../lib/push/no-commit.ts';
import { isPreview, placeOf } from '../../lib/push/place.ts';
import type { EnvironmentRequest } from '../../lib/push/request.ts';
import type { Origin, Push } from '../../lib/push/types.ts';
import { decideUpkeep, type Known, type Standing } from '../../lib/push/upkeep.ts';
import { type HostView, standingOf, viewOf } from './host-view.ts';
import { inParallel } from './in-parallel.ts';
import { lookAtPull } from './look-at-pull.ts';
import { forksToLookAt, newcomers } from './newcomers.ts';
import { Patience } from './patience.ts';
import { repositoriesOf, type ToSweep } from './repositories.ts';
import { deliveryOf, deploys, ledger, start, stuckAfter } from './services.ts';

/** What one round came to. */
export interface Swept {
  environments: number;
  /** `app/environment` of what was started. */
  deployed: string[];
  removed: string[];
  /** What was wanted too, and waits for the next round. */
  left: number;
  /** Repositories that could not be looked at. */
  unseen: string[];
  /** `app/environment` of what is at work for longer than it should be. */
  stuck: string[];
}

/** What is started in one round: a host or a cluster that was away for a day is not met by everything at once. */
const MOST = 25;
/** Repositories, and environments of each, that are looked at side by side. */
const REPOSITORIES = 4;
const ENVIRONMENTS = 8;
/** ms that a host may take for what is asked about one repository at a time. */
const LONGEST_LOOK = 30_000;

/** A deployment or a removal that is wanted; the ones that nobody has tried for longest come first. */
interface Wanted {
  request: EnvironmentRequest;
  lastTried: number;
}

/** Whether there is time left in this round to look at more, and to start what is wanted. */
interface Time {
  toLook(): boolean;
  toStart(): boolean;
}

/** Looks at every environment there is, as far as there is time, and starts what they want. */
export async function sweep(time: Time, longestLook = LONGEST_LOOK): Promise<Swept> {
  const patience = new Patience(longestLook);
  const listed = await ledger.environments();
  const swept: Swept = {
    ...{ environments: listed.length, deployed: [], removed: [] },
    ...{ left: 0, unseen: [], stuck: [] },
  };
  const all = repositoriesOf(listed, deploys);
  // Another one comes first each time: where there is no time for all, the same ones would never be looked at.
  const first = Math.floor(Math.random() * all.length);
  const inTurn = [...all.slice(first), ...all.slice(0, first)];
  const found = await inParallel(inTurn, REPOSITORIES, async (repository) => {
    try {
      if (time.toLook()) return await lookAt(repository, swept, patience, time);
      swept.unseen.push(repository.name);
      return [];
    } catch (error) {
      // One repository that cannot be read keeps no other from being swept.
      log.warn('a repository could not be swept', { repository: repository.name, reason: messageOf(error) });
      swept.unseen.push(repository.name);
      return [];
    }
  });
  const wanted = found.flat().sort((one, other) => one.lastTried - other.lastTried);
  for (const { request } of wanted) {
    const started = swept.deployed.length + swept.removed.length;
    if (started >= MOST || !time.toStart()) swept.left++;
    else await carryOut(request, swept);
  }
  return swept;
}

async function carryOut(request: EnvironmentRequest, swept: Swept): Promise<void> {
  const name = `${request.app}/${request.environment.name}`;
  const about = { delivery: request.delivery, environment: name };
  try {
    if ((await start(request)) === 'known') return;
    (request.do === 'remove' ? swept.removed : swept.deployed).push(name);
    log.info('the sweep starts what nobody did', { ...about, do: request.do });
  } catch (error) {
    log.warn('the sweep could not start what it wanted', { ...about, reason: messageOf(error) });
    swept.left++;
  }
}

async function lookAt(
  { name, origin, environments }: ToSweep,
  swept: Swept,
  patience: Patience,
  time: Time,
): Promise<Wanted[]> {
  const asking = <T>(ask: () => Promise<T>) => patience.waitFor(origin.host, ask);
  const view = await asking(() => viewOf(origin)).catch((error: unknown) => {
    log.warn('a repository could not be read', { repository: name, reason: messageOf(error) });
    return undefined;
  });
  if (view === undefined) swept.unseen.push(name);
  const upkeep = await inParallel(environments, ENVIRONMENTS, (one) => keepUp(one, view, swept));
  const wanted = upkeep.flat();
  if (view === undefined) return wanted;
  const news = await asking(() => newcomers(origin, view, environments));
  for (const number of forksToLookAt(view)) if (time.toLook()) await lookAgain(origin, number, patience);
  return [...wanted, ...news.map((push) => ({ request: { do: 'deploy', ...push } as const, lastTried: 0 }))];
}

async function lookAgain(origin: Origin, number: number, patience: Patience): Promise<void> {
  const delivery = deliveryOf(origin.host, origin.owner, origin.repository, number);
  try {
    const request = { do: 'look-at-pull' as const, ...origin, number, delivery };
    await patience.waitFor(origin.host, () => lookAtPull(request));
  } catch (error) {
    log.warn('a pull request could not be looked at', { number, reason: messageOf(error) });
  }
}

async function keepUp(listed: Listed, view: HostView | undefined, { stuck }: Swept): Promise<Wanted[]> {
  const { app, name, push, pushedAt } = listed;
  const environment = { app, name };
  const standing = await ledger.standing(environment);
  if (standing.claim && isStuck(standing.claim, Date.now(), stuckAfter)) stuck.push(`${app}/${name}`);
  const known: Known = { push, pushedAt, ...standing };
  const head: Standing = view === undefined ? { is: 'unknown' } : standingOf(push, view);
  const upkeep = decideUpkeep(known, head, { at: Date.now(), ttl: previewsFor(deploys, push).ttl });
  const lastTried = known.claim?.until ?? 0;
  if (upkeep.do === 'leave') return [];
  const fence = known.claim?.fence ?? 0;
  if (upkeep.do === 'remove') {
    const delivery = deliveryOf(app, name, 'remove', fence);
    const request = { do: 'remove' as const, app, environment: push.environment, reason: upkeep.reason };
    return [{ request: { ...request, delivery, ...conditions(push, upkeep.sure, fence) }, lastTried }];
  }
  const { commit } = upkeep;
  // A bad head is left, unless something that was begun with it has to be undone.
  if (!known.touched && (await ledger.badCommit(environment, commit)) !== undefined) return [];
  const before = known.live?.commit ?? noneBeside(commit);
  const delivery = deliveryOf(app, name, commit, fence);
  return [{ request: { do: 'deploy', ...aimed(push), before, after: commit, delivery }, lastTried }];
}

/** A named environment goes with the branch that the configuration gives it, which may be another than it was. */
function aimed(push: Push): Push {
  const rules = rulesFor(deploys, push);
  const { name } = push.environment;
  const branch = 'app' in rules && !isPreview(push.environment) ? rules.environments[name] : undefined;
  if (branch === undefined) return push;
  return { ...push, branch, ref: `refs/heads/${branch}`, environment: placeOf(push.app, name) };
}

function conditions(push: Push, sure: boolean, fence: number) {
  const { host, owner, repository, branch, fork, pullRequest } = push;
  const whileFence = fence === 0 ? {} : { whileFence: fence };
  if (sure || previewsFor(deploys, push).of !== 'branches') return whileFence;
  const what = fork !== undefined && pullRequest !== undefined ? { pullRequest } : { branch };
  return { ...whileFence, unless: { host, owner, repository, ...what } };
}
