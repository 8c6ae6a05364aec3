import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { decideApp } from '../../lib/app/decide.ts';
import { forFork } from '../../lib/app/for-fork.ts';
import type { BuildAnswer } from '../../lib/build/request.ts';
import { FairleadError } from '../../lib/errors.ts';
import type { Push } from '../../lib/push/types.ts';
import { isolate } from '../../lib/release/isolate.ts';
import { render } from '../../lib/release/render.ts';
import { rollbackTo } from '../../lib/release/rollback.ts';
import type { Release } from '../../lib/release/types.ts';
import { brief } from '../../lib/report/brief.ts';
import { tell } from '../../lib/report/story.ts';
import type { Claim } from './build.ts';
import { step } from './patience.ts';
import { environment, environmentOf, headOf, ledger, subjectOf } from './services.ts';

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
  const make = renderer(push, commit, built);
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
function renderer(
  push: Push,
  commit: string,
  built: Built,
): { render(number: number): Release } | { reason: string } {
  const { image, exposedPorts, env, user, architecture, appFile } = built;
  try {
    const decided = decideApp({
      name: push.app,
      environment: push.environment.name,
      ...(appFile === undefined ? {} : { file: appFile }),
      image: {
        exposedPorts,
        ...(env === undefined ? {} : { env }),
        ...(user === undefined ? {} : { user }),
        ...(architecture === undefined ? {} : { architecture }),
      },
      defaults: { service: environment.serviceType },
    });
    const app = push.fork === undefined ? decided : forFork(decided);
    const place = push.environment;
    const createdAt = new Date();
    const quota = place.name === 'production' ? {} : { quota: environment.previews.quota };
    return {
      render: (number) => {
        const release = render({ app, image, environment: place, commit, number, createdAt, ...quota });
        return push.fork === undefined ? release : isolate(release);
      },
    };
  } catch (error) {
    if (error instanceof FairleadError && !error.temporary) return { reason: error.message };
    throw error;
  }
}

/**
 * Makes the release that brings back what was good, or finds that there is nothing to undo. `announce` tells people
 * first why.
 */
export async function makeUndo(
  context: DurableContext,
  push: Push,
  { commit, fence }: Claim,
  announce: () => void,
): Promise<Undone> {
  const back = (good: Release, number: number) => rollbackTo(good, number, new Date());
  let announced = false;
  return await whenFree(context, push, commit, 'undo', async (): Promise<Undone | { is: 'held' }> => {
    if (!announced) announce();
    announced = true;
    const answer = await ledger.undo(environmentOf(push), fence, back);
    return answer.is === 'held' || answer.is === 'superseded' ? { is: answer.is } : answer;
  });
}

/** Takes a step again until no other rollout holds the lease. */
async function whenFree<R extends { is: string }>(
  context: DurableContext,
  push: Push,
  commit: string,
  name: string,
  take: () => Promise<R | { is: 'held' }>,
): Promise<R> {
  for (let look = 0; look < LOOKS; look++) {
    const answer = await step(context, name, async () => {
      const taken = await take();
      if (taken.is === 'held' && look === 0) {
        tell(subjectOf(push, commit), 'deploy.notice', 'an earlier rollout is not over; waiting for it', {});
      }
      return taken;
    });
    if (answer.is !== 'held') return answer as R;
    await context.wait('for the earlier rollout', { seconds: LOOK });
  }
  throw new Error('an earlier rollout did not come to its end');
}
