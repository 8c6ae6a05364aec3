import type { Listed } from '../../lib/ledger/listing.ts';
import { decide } from '../../lib/push/decide.ts';
import { decidePull, type PullDecision } from '../../lib/push/decide-pull.ts';
import { previewsFor } from '../../lib/push/installation.ts';
import { noneBeside } from '../../lib/push/no-commit.ts';
import { isSame, nameOfOrigin } from '../../lib/push/origin.ts';
import { isPreview } from '../../lib/push/place.ts';
import type { Origin, Push } from '../../lib/push/types.ts';
import { isNews } from '../../lib/push/upkeep.ts';
import type { HostView } from './host-view.ts';
import { deliveryOf, deploys, forgeOf, ledger, repositoryOf } from './services.ts';

const DAY = 86_400_000;
/** ms that a fork's pull request is looked at after something happened to it: a comment is something. */
const FORKS = 3 * 3_600_000;
/** Looked at in one round: strangers open as many as they like. */
const MOST_FORKS = 10;

/**
 * Pushes of a repository that made no environment though they should have. What the configuration names is wanted
 * whenever it was pushed; a preview only of the last day: who turns them on does not want one for every branch that was
 * ever left.
 */
export async function newcomers(origin: Origin, view: HostView, listed: readonly Listed[]): Promise<Push[]> {
  const known = new Set(listed.map(({ app, name }) => `${app}/${name}`));
  const wanted = [...(await ofBranches(origin, view, known)), ...ofPulls(origin, view, known)];
  const news: Push[] = [];
  for (const push of wanted) {
    const environment = { app: push.app, name: push.environment.name };
    const claim = await ledger.newestClaim(environment);
    if (!isNews(claim, push.after, Date.now())) continue;
    // The record of what did not work outlives the environment's place on the list.
    if ((await ledger.badCommit(environment, push.after)) === undefined) news.push(push);
  }
  return news;
}

async function ofBranches(origin: Origin, view: HostView, known: ReadonlySet<string>): Promise<Push[]> {
  const unknown = [...view.heads].flatMap(([branch, head]) => {
    const update = { ...origin, ref: `refs/heads/${branch}`, before: noneBeside(head), after: head };
    return ofDecision(
      decide({ ...update, delivery: deliveryOf(nameOfOrigin(origin), branch, head) }, deploys),
      known,
    );
  });
  const { configured = [], others = [] } = Object.groupBy(unknown, (push) =>
    isConfigured(push) ? 'configured' : 'others',
  );
  return [...configured, ...(await pushedToday(origin, others))];
}

/** Whether the configuration lists the app, and names the environment: not, where any repository is deployed. */
function isConfigured(push: Push): boolean {
  return !isPreview(push.environment) && deploys.apps.some(({ repository }) => isSame(repository, push));
}

async function pushedToday(origin: Origin, pushes: readonly Push[]): Promise<Push[]> {
  if (pushes.length === 0) return [];
  const pushed = await forgeOf(origin).pushedToday(repositoryOf(origin));
  if (pushed.is === 'absent') return [];
  const today = new Set(pushed.value.map(({ branch, commit }) => `${commit} ${branch}`));
  return pushes.filter(({ branch, after }) => today.has(`${after} ${branch}`));
}

function ofPulls(origin: Origin, { pulls }: HostView, known: ReadonlySet<string>): Push[] {
  if (previewsFor(deploys, origin).of !== 'pull-requests') return [];
  return pulls
    .filter(({ head, updatedAt }) => head.from === 'branch' && isWithin(updatedAt, DAY))
    .flatMap(({ number, head }) => {
      const delivery = deliveryOf(nameOfOrigin(origin), number, head.commit);
      return ofDecision(decidePull({ ...origin, action: 'opened', number, head, delivery }, deploys), known);
    });
}

function ofDecision(decision: PullDecision, known: ReadonlySet<string>): Push[] {
  if (decision.do !== 'deploy') return [];
  const { app, environment } = decision.push;
  return known.has(`${app}/${environment.name}`) ? [] : [decision.push];
}

/** The numbers of forks' pull requests for which a word may have been given that was not heard; the newest first. */
export function forksToLookAt({ pulls }: HostView): number[] {
  return pulls
    .filter(({ head, updatedAt }) => head.from === 'fork' && isWithin(updatedAt, FORKS))
    .sort((one, other) => Date.parse(other.updatedAt) - Date.parse(one.updatedAt))
    .slice(0, MOST_FORKS)
    .map(({ number }) => number);
}

function isWithin(time: string, ms: number): boolean {
  return Date.now() - Date.parse(time) < ms;
}
