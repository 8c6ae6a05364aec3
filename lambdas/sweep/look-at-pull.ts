import { FairleadError, messageOf } from '../../lib/errors.ts';
import { log } from '../../lib/log.ts';
import { decidePull } from '../../lib/push/decide-pull.ts';
import { previewsFor, rulesFor } from '../../lib/push/installation.ts';
import { noneBeside } from '../../lib/push/no-commit.ts';
import { previewOfPull } from '../../lib/push/place.ts';
import { LABEL } from '../../lib/push/previews.ts';
import type { LookAtPull } from '../../lib/push/request.ts';
import type { Push } from '../../lib/push/types.ts';
import { isNews } from '../../lib/push/upkeep.ts';
import { speakersOf, wordFor } from '../../lib/push/word.ts';
import { brief } from '../../lib/report/brief.ts';
import type { Pull } from '../../lib/source/types.ts';
import { deploys, forgeOf, ledger, repositoryOf, start } from './services.ts';

/** What came of a look; for the log. */
export type Looked = 'deployed' | 'waits' | 'nothing';

/**
 * Looks at one pull request as its host shows it now. That of a fork is built if a person has given a word for the very
 * commit that is its head; otherwise it is told what it waits for.
 */
export async function lookAtPull(request: LookAtPull): Promise<Looked> {
  const repository = repositoryOf(request);
  const found = await forgeOf(request).pulls?.one(repository, request.number);
  if (
    found === undefined ||
    found.is === 'absent' ||
    found.value.state === 'closed' ||
    previewsFor(deploys, request).of === 'off'
  )
    return 'nothing';
  return found.value.head.from === 'fork'
    ? await lookAtFork(request, found.value)
    : await lookAtBranch(request, found.value);
}

/** Whoever may push to the repository needs no word; but may ask for what the patterns leave out. */
async function lookAtBranch(request: LookAtPull, { number, head }: Pull): Promise<Looked> {
  if (request.word === undefined) return 'nothing';
  const { host, owner, repository, delivery } = request;
  const update = { host, owner, repository, action: 'labeled', label: LABEL, number, head, delivery };
  const decision = decidePull(update, deploys);
  if (decision.do === 'deploy') {
    await start({ do: 'deploy', ...decision.push });
    return 'deployed';
  }
  if (decision.do === 'ignore') await say(request, `No preview: ${decision.why}.`);
  return 'nothing';
}

async function lookAtFork(request: LookAtPull, { number, head }: Pull): Promise<Looked> {
  const { host, owner, repository, delivery } = request;
  const rules = rulesFor(deploys, request);
  if ('refused' in rules) return 'nothing';
  const { app } = rules;
  const placed = previewOfPull(app, number);
  if ('refused' in placed) return 'nothing';
  // A word that was just given asks for it once more; one that is found only if it was not heard.
  const heard = request.word?.commit === head.commit;
  const claim = heard ? undefined : await ledger.newestClaim({ app, name: placed.place.name });
  if (!isNews(claim, head.commit, Date.now())) return 'nothing';
  const word = await wordGiven(request, head.commit);
  if (word.is !== 'given') return await tellWaiting(request, head.commit, word);
  const ref = `pull/${number}/head`;
  const push: Push = {
    host,
    owner,
    repository,
    ref: `refs/${ref}`,
    before: noneBeside(head.commit),
    after: head.commit,
    delivery,
    app,
    branch: ref,
    environment: placed.place,
    pullRequest: number,
    fork: { approvedBy: word.by },
  };
  await start({ do: 'deploy', ...push });
  return 'deployed';
}

/** `untold`: one was given, but the host does not show whether it counts. */
type Given = { is: 'given'; by: string } | { is: 'none' } | { is: 'untold'; why: string };

/**
 * Who has said that `commit` may be built. The conversation is read: the event that told of a word may have been lost, or
 * be made up by whoever got to know the webhook's secret, and what somebody is to the repository is asked when it counts.
 */
async function wordGiven(request: LookAtPull, commit: string): Promise<Given> {
  const { word } = request;
  if (word?.from === 'command line' && word.commit === commit) return { is: 'given', by: word.by };
  const { pulls } = forgeOf(request);
  const said = await pulls?.comments(repositoryOf(request), request.number);
  if (said?.is !== 'found') return { is: 'none' };
  let outcome: Exclude<Given, { is: 'given' }> = { is: 'none' };
  for (const by of speakersOf(said.value, commit)) {
    try {
      if (await pulls?.mayPush(repositoryOf(request), by)) return { is: 'given', by };
    } catch (error) {
      if (!(error instanceof FairleadError) || error.temporary) throw error;
      outcome = { is: 'untold', why: messageOf(error) };
    }
  }
  return outcome;
}

/** Says beside the commit and below the pull request what it waits for, and from whom. */
async function tellWaiting(
  request: LookAtPull,
  commit: string,
  given: Exclude<Given, { is: 'given' }>,
): Promise<Looked> {
  const { number, word } = request;
  if (given.is === 'untold') log.warn('a word counts for nothing', { number, reason: given.why });
  try {
    const told = await say(request, waiting(commit, word, given.is));
    if (told === 'written') {
      const description = `Waits for a maintainer's comment: ${wordFor(commit)}`;
      await forgeOf(request).setStatus(repositoryOf(request), commit, { state: 'pending', description });
    }
  } catch (error) {
    // A host that takes no comments stops nothing.
    log.warn('nobody could be told that a pull request waits', { number, reason: messageOf(error) });
  }
  return 'waits';
}

function say(request: LookAtPull, text: string) {
  return forgeOf(request).pulls?.say(repositoryOf(request), request.number, text);
}

function waiting(commit: string, word: LookAtPull['word'], given: 'none' | 'untold'): string {
  const misheard =
    word === undefined || word.commit === commit
      ? ''
      : word.commit === undefined
        ? `${word.by} named no commit, and the head may not be what they have seen.\n\n`
        : `${word.by}'s word was for \`${brief(word.commit)}\`, which is not the head any more.\n\n`;
  const unheard =
    given === 'none'
      ? ''
      : 'A word was given, but Fairlead’s token is not shown who may push: that takes a token of somebody who may, or a GitHub App. `fairlead preview` from the command line works meanwhile.\n\n';
  return `${misheard}${unheard}This pull request comes from a fork: nothing of it is built before a person of this repository has read it.
Somebody who may push to it and has read commit \`${brief(commit)}\` lets it be previewed with a comment of this one line:

\`\`\`
${wordFor(commit)}
\`\`\`

The word holds for this commit alone.`;
}
