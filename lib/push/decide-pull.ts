import { HOST_NAMES } from '../host-kind.ts';
import type { Decision, Ignored } from './decide.ts';
import { type Deploys, environmentOf, nameIn, rulesFor, whyNoPreview } from './installation.ts';
import { noneBeside } from './no-commit.ts';
import { type Placed, previewOfBranch, previewOfPull } from './place.ts';
import { admits, LABEL, PULL_REQUEST_HOSTS } from './previews.ts';
import type { LookAtPull, Remove } from './request.ts';
import type { Origin, PullUpdate, Spoken } from './types.ts';
import { counts } from './word.ts';

/** What to do about a pull request. `look`: nothing that the event says may be built before the host was asked. */
export type PullDecision = Decision | { do: 'look'; look: LookAtPull };

/** Decides what becomes of something that happened to a pull request. */
export function decidePull(update: PullUpdate, deploys: Deploys): PullDecision {
  const { action, number, head, delivery } = update;
  const ignore = (why: string) => ignored(update, deploys, number, why);
  const rules = rulesFor(deploys, update);
  if ('refused' in rules) return ignore(rules.refused);
  const { app, previews } = rules;
  if (previews.of === 'off') return ignore('there are no previews');
  if (head.from === 'fork') return decideFork(update, app, deploys);
  const named = environmentOf(rules, head.branch);
  if (named !== undefined) return ignore(`${head.branch} is ${named}`);
  const unnamed = whyNoPreview(rules, head.branch);
  if (unnamed !== undefined) return ignore(unnamed);
  const placed = previewOfBranch(app, head.branch);
  if ('refused' in placed) return ignore(placed.refused);
  if (action === 'closed') {
    if (previews.of === 'branches') return ignore('the preview goes with the branch');
    return removal(update, app, placed);
  }
  const asked = action === 'labeled' && update.label === LABEL;
  // The push of the branch is told apart, and deployed already.
  const moved = action === 'synchronize' && previews.of === 'pull-requests';
  if (!asked && !moved && action !== 'opened' && action !== 'reopened')
    return ignore(`nothing follows from '${action}'`);
  if (!asked && !admits(previews, head.branch))
    return ignore(`no preview: ${head.branch} is none of ${previews.branches.join(', ')}`);
  return {
    do: 'deploy',
    push: {
      ...originOf(update),
      ref: `refs/heads/${head.branch}`,
      before: noneBeside(head.commit),
      after: head.commit,
      delivery,
      app,
      branch: head.branch,
      environment: placed.place,
      pullRequest: number,
    },
  };
}

/** The commit is a stranger's: whether it is built is a person's to say, and what it is, the host's. */
function decideFork(update: PullUpdate, app: string, deploys: Deploys): PullDecision {
  const { host, action, number, delivery } = update;
  if (!PULL_REQUEST_HOSTS.includes(host))
    return ignored(update, deploys, number, `forks on ${HOST_NAMES[host]} have no previews`);
  const placed = previewOfPull(app, number);
  if ('refused' in placed) return ignored(update, deploys, number, placed.refused);
  switch (action) {
    case 'opened':
    case 'reopened':
    case 'synchronize':
      return { do: 'look', look: { do: 'look-at-pull', ...originOf(update), number, delivery } };
    case 'closed':
      return removal(update, app, placed);
    case 'labeled':
      return ignored(update, deploys, number, 'a label names no commit: previews of forks need a comment');
    default:
      return ignored(update, deploys, number, `nothing follows from '${action}'`);
  }
}

/** Decides what becomes of a word in the conversation of a pull request, by who gave it. */
export function decideWord(spoken: Spoken, deploys: Deploys): PullDecision {
  const { number, word, by, association, delivery } = spoken;
  const ignore = (why: string) => ignored(spoken, deploys, number, why);
  const rules = rulesFor(deploys, spoken);
  if ('refused' in rules) return ignore(rules.refused);
  if (rules.previews.of === 'off') return ignore('there are no previews');
  if (!counts(association))
    return ignore('only owners, members and collaborators of the repository ask for previews');
  return {
    do: 'look',
    look: { do: 'look-at-pull', ...originOf(spoken), number, word: { ...word, by }, delivery },
  };
}

function removal(
  update: PullUpdate,
  app: string,
  { place }: Extract<Placed, { place: unknown }>,
): { do: 'remove'; remove: Remove } {
  const { number, head, delivery } = update;
  const reason = `pull request ${number} was closed`;
  // It may be open again before this is heard; and a branch may have another one, for another base.
  const what = head.from === 'fork' ? { pullRequest: number } : { pullsOf: head.branch };
  const unless = { ...originOf(update), ...what };
  return { do: 'remove', remove: { do: 'remove', app, environment: place, reason, delivery, unless } };
}

function ignored(origin: Origin, deploys: Deploys, number: number, why: string): Ignored {
  return { do: 'ignore', app: nameIn(deploys, origin), ref: `refs/pull/${number}/head`, why };
}

function originOf({ host, owner, repository }: Origin): Origin {
  return { host, owner, repository };
}
