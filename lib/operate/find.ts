import { FairleadError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Listed } from '../ledger/listing.ts';
import type { PastRelease } from '../ledger/releases.ts';
import type { BadCommit, Environment } from '../ledger/types.ts';
import type { Deploys } from '../push/installation.ts';
import { NO_COMMIT } from '../push/no-commit.ts';
import { placeOf } from '../push/place.ts';
import type { Push } from '../push/types.ts';
import { brief } from '../report/brief.ts';

/** Far more than people go back. */
const PAST = 200;

/** The environment that is meant. @throws FairleadError `operate/no-app`, `operate/no-environment` */
export async function findEnvironment(
  ledger: Ledger,
  { app, environment }: { app: string; environment?: string | undefined },
): Promise<Listed> {
  const all = await ledger.environments();
  const own = all.filter((listed) => listed.app === app);
  if (own.length === 0) throw noApp(app, all);
  const names = own.map(({ name }) => name);
  const wanted = wantedOf(names, environment);
  const found = own.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  throw noEnvironment(app, wanted, names);
}

function wantedOf(names: readonly string[], asked: string | undefined): string {
  const [only] = names;
  return asked ?? (names.length === 1 && only !== undefined ? only : 'production');
}

function noEnvironment(app: string, wanted: string, names: readonly string[]): FairleadError {
  return new FairleadError({
    code: 'operate/no-environment',
    operation: `looking for ${app}`,
    cause: `${app} has no environment ${wanted}`,
    remedy: `name one of ${names.join(', ')}`,
  });
}

/**
 * What is to be deployed to the environment that is meant: the push that it is of; or, where the ledger knows nothing of
 * it and the configuration lists it, one whose `after` is {@link NO_COMMIT}.
 * @throws FairleadError `operate/no-app`, `operate/no-environment`
 */
export async function findToDeploy(
  ledger: Ledger,
  { apps }: Pick<Deploys, 'apps'>,
  asked: { app: string; environment?: string | undefined },
): Promise<Omit<Push, 'delivery'>> {
  const all = await ledger.environments();
  const own = all.filter(({ app }) => app === asked.app);
  const listed = apps.find(({ app }) => app === asked.app);
  const branches = new Map(Object.entries(listed?.environments ?? {}));
  const names = [...new Set([...own.map(({ name }) => name), ...branches.keys()])];
  if (names.length === 0) throw noApp(asked.app, [...all, ...apps]);
  const wanted = wantedOf(names, asked.environment);
  const found = own.find(({ name }) => name === wanted);
  if (found !== undefined) return found.push;
  const branch = branches.get(wanted);
  if (listed === undefined || branch === undefined) throw noEnvironment(asked.app, wanted, names);
  const { repository, app } = listed;
  const moved = { ref: `refs/heads/${branch}`, branch, before: NO_COMMIT, after: NO_COMMIT };
  return { ...repository, ...moved, app, environment: placeOf(app, wanted) };
}

/** @throws FairleadError `operate/no-release` */
export async function findRelease(
  ledger: Ledger,
  environment: Environment,
  number: number | undefined,
): Promise<PastRelease> {
  const past = await ledger.history(environment, PAST);
  const found = number === undefined ? past[0] : past.find((release) => release.number === number);
  if (found !== undefined) return found;
  const [newest, oldest] = [past[0], past.at(-1)];
  throw new FairleadError({
    code: 'operate/no-release',
    operation: `looking for a release of ${environment.app}`,
    cause:
      number === undefined
        ? `${environment.app} has no release in ${environment.name} yet`
        : `${environment.app} has no release ${number} on record in ${environment.name}`,
    ...(newest && oldest && { remedy: `there are ${oldest.number} to ${newest.number}` }),
  });
}

/** The bad commit that `start` is the beginning of; the one marked last when absent. @throws FairleadError `operate/not-bad` */
export function findBad(
  bad: readonly BadCommit[],
  start: string | undefined,
  environment: Environment,
): BadCommit {
  const latest = [...bad].sort((one, other) => (one.at < other.at ? 1 : -1));
  const found = latest.filter(({ commit }) => start === undefined || commit.startsWith(start));
  const [first, second] = found;
  const refuse = (cause: string, remedy?: string) =>
    new FairleadError({
      code: 'operate/not-bad',
      operation: `looking for a bad commit of ${environment.app}`,
      cause,
      ...(remedy && { remedy }),
    });
  const names = latest.map(({ commit }) => brief(commit)).join(', ');
  if (first === undefined)
    throw refuse(
      start === undefined
        ? `no commit of ${environment.app} is on record as bad in ${environment.name}`
        : `${start} is not on record as bad in ${environment.name}`,
      names === '' ? undefined : `there are ${names}`,
    );
  if (start !== undefined && second !== undefined)
    throw refuse(`${start} is the beginning of several bad commits`, `name one of ${names} in full`);
  return first;
}

export function noApp(app: string, all: readonly { app: string }[]): FairleadError {
  const apps = [...new Set(all.map((listed) => listed.app))];
  return new FairleadError({
    code: 'operate/no-app',
    operation: `looking for ${app}`,
    cause: `nothing was deployed under the name ${app}`,
    remedy: apps.length === 0 ? 'push an app first' : `there are ${apps.join(', ')}`,
  });
}
