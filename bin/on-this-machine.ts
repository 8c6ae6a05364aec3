import type { Config } from '../lib/config/config.ts';
import { deploysOf } from '../lib/config/deploys.ts';
import type { Deploys } from '../lib/push/installation.ts';

/** Who owns every repository of the local git host (local/git), which speaks as GitHub does. */
const OWNER = 'local';

/** What a configuration deploys from the local git host: there an app is pushed to `APP.git`, wherever else it is. */
export function onThisMachine(config: Pick<Config, 'apps'>): Deploys {
  const { apps, others } = deploysOf(config);
  const here = (repository: string) => ({ host: 'github' as const, owner: OWNER, repository });
  return { others, apps: apps.map((app) => ({ ...app, repository: here(app.app) })) };
}
