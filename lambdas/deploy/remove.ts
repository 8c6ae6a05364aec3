import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { messageOf } from '../../lib/errors.ts';
import { about } from '../../lib/log.ts';
import type { Remove } from '../../lib/push/request.ts';
import type { Release } from '../../lib/release/types.ts';
import type { Ending } from '../../lib/report/ending.ts';
import { isOpen, isProposed } from '../../lib/source/pulls.ts';
import { isOfAnother } from './owner.ts';
import { step } from './patience.ts';
import { begin, type Progress } from './progress.ts';
import { makeUndo } from './release.ts';
import { rollOut } from './roll-out.ts';
import { environmentOf, forgeOf, ledger, repositoryOf, subjectOf } from './services.ts';
import { type Settled, settle } from './settle.ts';

/**
 * Takes away an environment with everything in it. Like a rollback it is a claim of its own; a push that comes later
 * makes the environment anew.
 */
export async function remove(context: DurableContext, request: Remove): Promise<Settled> {
  about(subjectOf(request, ''));
  const progress = begin('');
  const ending = await takeAway(context, request, progress).catch(
    (error: unknown): Ending => ({ is: 'failed', reason: messageOf(error), blame: 'elsewhere' }),
  );
  const restored = { is: ending.is === 'removed' ? ('removed' as const) : ('untouched' as const) };
  const of = { ref: request.environment.name, pushed: progress.commit };
  return await settle(context, request, of, { progress, ending, restored });
}

async function takeAway(context: DurableContext, request: Remove, progress: Progress): Promise<Ending> {
  const execution = context.executionContext.durableExecutionArn;
  const { app, delivery, whileFence, unless } = request;
  const claim = await step(context, 'claim', async () => {
    if (unless !== undefined && (await isOfAnother(app, unless)))
      return { is: 'taken' as const, at: Date.now() };
    const by = { execution, delivery, ...(whileFence === undefined ? {} : { whileFence }) };
    const answer = await ledger.remove(environmentOf(request), by, () => isWanted(request));
    return { ...answer, at: Date.now() };
  });
  progress.startedAt = claim.at;
  if (claim.is === 'taken') return { is: 'ignored', why: `${app} is another repository's` };
  if (claim.is === 'wanted') return { is: 'ignored', why: `${nameOf(request)} is there again` };
  if (claim.is === 'newer') return { is: 'ignored', why: 'it was deployed to in the meantime' };
  const { fence, commit } = claim;
  Object.assign(progress, { fence, commit });
  const undone = await makeUndo(context, request, { commit, fence }, () => undefined);
  if (undone.is === 'superseded') return { is: 'superseded', by: '' };
  const last: Release | undefined = undone.is === 'none-good' ? undone.begun : undefined;
  if (last !== undefined) {
    const about = { subject: subjectOf(request, commit), release: last, fence };
    const rolledOut = await rollOut(context, request, { commit, fence }, { ...about, do: 'remove' });
    if (rolledOut.state === 'superseded') return { is: 'superseded', by: '' };
    if (rolledOut.state !== 'removed') {
      const reason =
        'reason' in rolledOut ? rolledOut.reason : 'the roll-out function answered another question';
      return { is: 'failed', reason, blame: 'elsewhere' };
    }
  }
  return { is: 'removed', reason: request.reason };
}

/** Whether what should be gone by now is there: deletions and creations of a branch are told in any order. */
async function isWanted({ unless }: Remove): Promise<boolean> {
  if (unless === undefined) return false;
  const repository = repositoryOf(unless);
  const forge = forgeOf(unless);
  if ('branch' in unless) return (await forge.head(repository, unless.branch)).is === 'found';
  if ('pullsOf' in unless) return await isProposed(forge, repository, unless.pullsOf);
  return await isOpen(forge, repository, unless.pullRequest);
}

function nameOf({ unless }: Remove): string {
  if (unless === undefined) return 'it';
  if ('pullsOf' in unless) return `a pull request of ${unless.pullsOf}`;
  return 'branch' in unless ? `the branch ${unless.branch}` : `pull request ${unless.pullRequest}`;
}
