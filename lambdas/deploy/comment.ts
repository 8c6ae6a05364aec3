import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { messageOf } from '../../lib/errors.ts';
import { log } from '../../lib/log.ts';
import { previewsFor } from '../../lib/push/installation.ts';
import { isPreview } from '../../lib/push/place.ts';
import type { Push } from '../../lib/push/types.ts';
import { inWords } from '../../lib/push/upkeep.ts';
import { brief } from '../../lib/report/brief.ts';
import type { Ending } from '../../lib/report/ending.ts';
import { sayBelow } from '../../lib/source/pulls.ts';
import { step } from './patience.ts';
import { environment, forgeOf, repositoryOf } from './services.ts';
import type { Settled } from './settle.ts';

/** Says below the pull requests of a preview what became of it; a host that takes no comments stops nothing. */
export async function commentOn(
  context: DurableContext,
  push: Push,
  ending: Ending,
  { commit, outcome }: Settled,
): Promise<void> {
  // Another ending than it looked like: somebody else's deployment says what there is now.
  const text = outcome === ending.is ? textOf(push, commit, ending) : undefined;
  if (!isPreview(push.environment) || text === undefined) return;
  const { pullRequest, branch } = push;
  const where = pullRequest === undefined ? { branch } : { number: pullRequest };
  await step(context, 'comment', async () => {
    try {
      await sayBelow(forgeOf(push), repositoryOf(push), where, text);
    } catch (error) {
      log.warn('the pull request could not be told', { reason: messageOf(error) });
    }
    return 'tried';
  });
}

function textOf(push: Push, commit: string, ending: Ending): string | undefined {
  const { fork } = push;
  const what = `Preview of \`${brief(commit)}\``;
  const whose = fork === undefined ? '' : `, which ${fork.approvedBy} let in`;
  switch (ending.is) {
    case 'live':
    case 'unchanged': {
      const where = ending.url === undefined ? 'is live' : `is live at ${ending.url}`;
      const life = inWords(previewsFor(environment.deploys, push).ttl);
      return `${what}${whose} ${where}\n\nIt goes with its branch or pull request, or ${life} after the last deployment.`;
    }
    case 'failed':
    case 'refused':
      return `${what}${whose} failed: ${ending.reason}\n\nWhat ran before still does.`;
    default:
      return undefined;
  }
}
