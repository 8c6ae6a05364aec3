import type { Ledger } from '../ledger/ledger.ts';
import type { Listed } from '../ledger/listing.ts';
import type { EnvironmentStatus } from './answer.ts';
import { noApp } from './find.ts';

/** Environments that are read at once. */
const AT_ONCE = 20;

/** How the environments of `app`, or of all apps, stand. @throws FairleadError `operate/no-app` */
export async function statusOf(ledger: Ledger, app: string | undefined): Promise<EnvironmentStatus[]> {
  const all = await ledger.environments();
  const wanted = all.filter((listed) => app === undefined || listed.app === app);
  if (app !== undefined && wanted.length === 0) throw noApp(app, all);
  const standing: EnvironmentStatus[] = [];
  for (let first = 0; first < wanted.length; first += AT_ONCE)
    standing.push(
      ...(await Promise.all(wanted.slice(first, first + AT_ONCE).map((one) => stands(ledger, one)))),
    );
  return standing;
}

async function stands(ledger: Ledger, { app, name, push, pushedAt }: Listed): Promise<EnvironmentStatus> {
  const environment = { app, name };
  const [live, claim, [newest], bad] = await Promise.all([
    ledger.live(environment),
    ledger.newestClaim(environment),
    ledger.history(environment, 1),
    ledger.badCommits(environment),
  ]);
  const isAtWork = claim !== undefined && !claim.ended && claim.until > Date.now();
  return {
    ...environment,
    namespace: push.environment.namespace,
    repository: `${push.owner}/${push.repository}`,
    branch: push.branch,
    pushedAt,
    ...(live && { live }),
    ...(isAtWork && { underWay: { what: claim.for ?? 'deploy', commit: claim.commit } }),
    ...(newest && { newest }),
    bad,
  };
}
