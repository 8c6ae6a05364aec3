import { appNameOf } from './app-name.ts';
import type { Push, RefUpdate } from './types.ts';

/** What to do about a ref that moved. `app` is for people, and the repository's name where it makes no app. */
export type Decision = { do: 'deploy'; push: Push } | { do: 'ignore'; app: string; ref: string; why: string };

const BRANCHES = 'refs/heads/';

/** Decides whether `update` is deployed, in an installation that deploys `branch`. */
export function decide(update: RefUpdate, branch: string): Decision {
  const app = appNameOf(update.repository);
  const ignore = (why: string): Decision => ({
    do: 'ignore',
    app: 'name' in app ? app.name : update.repository,
    ref: update.ref,
    why,
  });
  if (update.ref.startsWith('refs/tags/')) return ignore(`tags are not deployed, the branch ${branch} is`);
  if (!update.ref.startsWith(BRANCHES)) return ignore(`only the branch ${branch} is deployed`);
  if (/^0+$/.test(update.after)) return ignore('the branch was deleted; what runs is left as it is');
  const pushed = update.ref.slice(BRANCHES.length);
  if (pushed !== branch) return ignore(`only the branch ${branch} is deployed`);
  if ('refused' in app) return ignore(`${app.refused}; rename the repository`);
  return {
    do: 'deploy',
    push: {
      ...update,
      app: app.name,
      branch: pushed,
      environment: { name: 'production', namespace: app.name },
    },
  };
}
