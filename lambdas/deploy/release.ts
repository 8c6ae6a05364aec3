import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { decideApp } from '../../lib/app/decide.ts';
import { forFork } from '../../lib/app/for-fork.ts';
import { forPreview } from '../../lib/app/for-preview.ts';
import type { App } from '../../lib/app/types.ts';
import type { BuildAnswer } from '../../lib/build/request.ts';
import { FairleadError } from '../../lib/errors.ts';
import { ownResources } from '../../lib/manifests/adopt.ts';
import { previewsFor } from '../../lib/push/installation.ts';
import { isPreview } from '../../lib/push/place.ts';
import type { Push } from '../../lib/push/types.ts';
import { isolate } from '../../lib/release/isolate.ts';
import { render, secretIdsOf } from '../../lib/release/render.ts';
import { rollbackTo } from '../../lib/release/rollback.ts';
import { checkSize } from '../../lib/release/size.ts';
import type { Release, Source } from '../../lib/release/types.ts';
import { brief } from '../../lib/report/brief.ts';
import { tell } from '../../lib/report/story.ts';
import type { Claim } from './build.ts';
import { pause, step } from './patience.ts';
import { versionsOf } from './secret-versions.ts';
import { aws, environment, environmentOf, headOf, ledger, type Order, subjectOf } from './services.ts';

export type Built = Extract<BuildAnswer, { outcome: 'built' }>;

export type Released =
  | { is: 'made'; release: Release }
  /** The head is another commit by now, or gone. */
  | { is: 'moved' }
  | { is: 'superseded'; by: string }
  /** The commit cannot be released as it is. */
  | { is: 'failed'; reason: string };

export type Undone =
  | { is: 'made'; release: Release }
  | { is: 'none-good'; begun?: Release }
  | { is: 'untouched' }
  | { is: 'superseded' };

/** Seconds between two tries to get the lease: it is given back within a minute or so, or expires. */
const LOOK = 2;
/** Far longer than a lease lasts: whoever held it was superseded, so nobody renews it. */
const LOOKS = 600;

/** Makes the release of what was built, if it still is what the branch wants, and takes the lease for its rollout. */
export async function makeRelease(
  context: DurableContext,
  push: Push,
  claim: Claim,
  built: Built,
): Promise<Released> {
  return await whenFree(context, push, claim.commit, 'release', () => releaseOnce(push, claim, built));
}

async function releaseOnce(
  push: Push,
  { commit, fence }: Claim,
  built: Built,
): Promise<Released | { is: 'held' }> {
  const head = await headOf(push);
  const where = environmentOf(push);
  if (head.is === 'gone' || head.commit !== commit) {
    const newest = await ledger.newestClaim(where);
    const overtaken = newest !== undefined && newest.fence > fence;
    return overtaken ? { is: 'superseded', by: newest.commit } : { is: 'moved' };
  }
  const make = await renderer(push, commit, built);
  if ('reason' in make) return { is: 'failed', reason: make.reason };
  const answer = await ledger.release(where, fence, make.render);
  if (answer.is === 'held') return { is: 'held' };
  if (answer.is === 'superseded') return { is: 'superseded', by: answer.by.commit };
  const { number } = answer.release;
  tell(
    subjectOf(push, commit),
    'release.created',
    `release ${number} of ${push.app}: ${brief(built.digest)}`,
    {
      release: number,
      digest: built.digest,
    },
  );
  return answer;
}

/** Decides about the app before a number is taken; what is wrong with it is for its developers. */
async function renderer(
  push: Push,
  commit: string,
  built: Built,
): Promise<{ render(number: number, serving?: Release): Release } | { reason: string }> {
  try {
    const app = appOf(push, built);
    const { environment: place, fork } = push;
    const quota = isPreview(place) ? { quota: previewsFor(environment.deploys, push).quota } : {};
    const secretVersions = await versionsOf(aws, secretIdsOf(app));
    const rendering = { app, image: built.image, environment: place, commit, secretVersions, ...quota };
    const createdAt = new Date();
    const make = (number: number, serving?: Release) => {
      const own = ownOf(push, commit, built, number, app);
      const rendered = render({ ...rendering, ...own, number, createdAt, ...(serving && { serving }) });
      const release = { ...rendered, source: sourceOf(push) };
      return fork === undefined ? release : isolate(release);
    };
    // What cannot be rendered, or kept, is found out now.
    checkSize(make(0));
    return { render: make };
  } catch (error) {
    if (error instanceof FairleadError && !error.temporary) return { reason: error.message };
    throw error;
  }
}

function sourceOf({ host, owner, repository, branch, pullRequest, fork }: Push): Source {
  const whose = { ...(pullRequest !== undefined && { pullRequest }), ...(fork && { fork }) };
  return { host, owner, repository, branch, ...whose };
}

/** What the app's own manifests come to in a release; nothing where Fairlead renders. */
function ownOf(
  push: Push,
  commit: string,
  { manifests, image, architecture }: Built,
  number: number,
  { patience }: App,
) {
  // Those of a fork are refused before this.
  if (manifests === undefined || push.fork !== undefined) return {};
  const { app, environment: place } = push;
  const { serviceType: service, loadBalancers } = environment;
  return ownResources(manifests.objects, {
    app,
    environment: place,
    image,
    architecture,
    service,
    loadBalancers,
    patience,
    commit,
    number,
  });
}

function appOf(push: Push, built: Built): App {
  const { name } = push.environment;
  const decided = decidedFor(push.app, name, built);
  if (name === 'production') return decided;
  const beside = forPreview(decided, productionOf(push.app, built), name);
  return push.fork === undefined ? beside : forFork(beside);
}

/** What production would be by the same file; undefined where the file is wrong for it, which is not a preview's trouble. */
function productionOf(app: string, built: Built): App | undefined {
  try {
    return decidedFor(app, 'production', built);
  } catch {
    return undefined;
  }
}

function decidedFor(
  name: string,
  environmentName: string,
  { exposedPorts, env, user, architecture, appFile }: Built,
): App {
  return decideApp({
    name,
    environment: environmentName,
    ...(appFile === undefined ? {} : { file: appFile }),
    image: {
      exposedPorts,
      ...(env === undefined ? {} : { env }),
      ...(user === undefined ? {} : { user }),
      ...(architecture === undefined ? {} : { architecture }),
    },
    defaults: {
      service: environment.serviceType,
      loadBalancers: environment.loadBalancers,
      bakeSeconds: environment.bakeSeconds,
    },
  });
}

/**
 * Makes the release that brings back what was good, or finds that there is nothing to undo. `announce` tells people
 * first why.
 */
export async function makeUndo(
  context: DurableContext,
  order: Order,
  { commit, fence }: Claim,
  announce: () => void,
): Promise<Undone> {
  const back = (good: Release, number: number, instead?: Release) =>
    rollbackTo(good, number, new Date(), instead);
  let announced = false;
  return await whenFree(context, order, commit, 'undo', async (): Promise<Undone | { is: 'held' }> => {
    if (!announced) announce();
    announced = true;
    const answer = await ledger.undo(environmentOf(order), fence, back);
    return answer.is === 'held' || answer.is === 'superseded' ? { is: answer.is } : answer;
  });
}

/** Takes a step again until no other rollout holds the lease. */
async function whenFree<R extends { is: string }>(
  context: DurableContext,
  order: Order,
  commit: string,
  name: string,
  take: () => Promise<R | { is: 'held' }>,
): Promise<R> {
  for (let look = 0; look < LOOKS; look++) {
    const answer = await step(context, name, async () => {
      const taken = await take();
      if (taken.is === 'held' && look === 0) {
        tell(subjectOf(order, commit), 'deploy.notice', 'an earlier rollout is not over; waiting for it', {});
      }
      return taken;
    });
    if (answer.is !== 'held') return answer as R;
    await pause(context, 'for the earlier rollout', LOOK);
  }
  throw new Error('an earlier rollout did not come to its end');
}
