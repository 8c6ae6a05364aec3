import type { DurableContext } from '@aws/durable-execution-sdk-js';
import { FairleadError, messageOf } from '../../lib/errors.ts';
import type { Listed } from '../../lib/ledger/listing.ts';
import type { Finding } from '../../lib/operate/answer.ts';
import type { ListedApp } from '../../lib/push/installation.ts';
import { keyOfOrigin, nameOfOrigin } from '../../lib/push/origin.ts';
import { isPreview } from '../../lib/push/place.ts';
import type { Origin } from '../../lib/push/types.ts';
import { step } from './patience.ts';
import { environment, forgeOf, repositoryOf } from './services.ts';
import { whereSeen } from './sight.ts';

/** Repositories that are asked for, one after another: some of them are enough to know whether a host lets us in. */
const REPOSITORIES = 40;

/** A repository, and the branches that have to be there. */
interface Needed {
  origin: Origin;
  branches: Set<string>;
}

/** Whether git hosts show what is deployed, and what the configuration lists though nothing of it was deployed yet. */
export async function examineHosts(context: DurableContext, listed: readonly Listed[]): Promise<Finding[]> {
  const needed = neededBy(listed, environment.deploys.apps);
  const findings: Finding[] = [];
  for (const one of needed.slice(0, REPOSITORIES))
    findings.push(await step(context, 'ask the git host', () => lookAt(one)));
  if (needed.length > REPOSITORIES) {
    const says = `${REPOSITORIES} of ${needed.length} repositories were asked for: the others are taken to be as they are`;
    findings.push({ is: 'ok', about: 'git host', says });
  }
  return findings;
}

/** Those that the configuration lists come first: of an app that nothing was deployed of, nobody else says anything. */
function neededBy(listed: readonly Listed[], apps: readonly ListedApp[]): Needed[] {
  const needed = new Map<string, Needed>();
  for (const { repository, environments } of apps)
    needed.set(keyOfOrigin(repository), {
      origin: repository,
      branches: new Set(Object.values(environments)),
    });
  const configured = new Set(needed.keys());
  for (const { push } of listed) {
    const key = keyOfOrigin(push);
    const one = needed.get(key) ?? { origin: push, branches: new Set() };
    needed.set(key, one);
    // A preview goes with its branch, and what the configuration says counts more than what was once.
    if (!configured.has(key) && !isPreview(push.environment)) one.branches.add(push.branch);
  }
  return [...needed.values()];
}

async function lookAt({ origin, branches }: Needed): Promise<Finding> {
  const name = nameOfOrigin(origin);
  const found = (is: Finding['is'], says: string, remedy?: string): Finding => ({
    ...{ is, about: 'git host', says },
    ...(remedy !== undefined && { remedy }),
  });
  try {
    const missing: string[] = [];
    for (const branch of branches) {
      const head = await whereSeen(origin, () => forgeOf(origin).head(repositoryOf(origin), branch));
      if (head.is === 'gone') missing.push(branch);
    }
    if (branches.size === 0) await whereSeen(origin, async () => ({ is: 'gone' }));
    if (missing.length === 0) return found('ok', `${name} can be read`);
    const remedy = 'push it, or name another branch in fairlead.config.ts and run npx fairlead deploy';
    return found('not-ok', `${name} has no branch ${missing.join(', nor ')}`, remedy);
  } catch (error) {
    if (error instanceof FairleadError && error.temporary) throw error;
    if (error instanceof FairleadError && error.code === 'source/not-seen')
      return found('not-ok', error.fault.cause, error.fault.remedy);
    const remedy = 'docs/triggers.md says which token is needed, and how it is put in';
    return found('not-ok', `${name}: ${messageOf(error)}`, remedy);
  }
}
