import { FairleadError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Listed } from '../ledger/listing.ts';
import type { PastRelease } from '../ledger/releases.ts';
import type { BadCommit, Environment } from '../ledger/types.ts';
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
  const [only] = own;
  const wanted = environment ?? (own.length === 1 && only !== undefined ? only.name : 'production');
  const found = own.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  throw new FairleadError({
    code: 'operate/no-environment',
    operation: `looking for ${app}`,
    cause: `${app} has no environment ${wanted}`,
    remedy: `name one of ${own.map(({ name }) => name).join(', ')}`,
  });
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

export function noApp(app: string, all: readonly Listed[]): FairleadError {
  const apps = [...new Set(all.map((listed) => listed.app))];
  return new FairleadError({
    code: 'operate/no-app',
    operation: `looking for ${app}`,
    cause: `nothing was deployed under the name ${app}`,
    remedy: apps.length === 0 ? 'push an app first' : `there are ${apps.join(', ')}`,
  });
}
