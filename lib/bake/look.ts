import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Release } from '../release/types.ts';
import { type AlarmClients, readAlarms } from './alarms.ts';
import { ask } from './ask.ts';
import { countRequests } from './traffic.ts';
import type { AlarmLook, BakeLook, CheckLook, RestartLook } from './types.ts';

export interface LookDeps extends AlarmClients {
  /** Restarts of the containers of a phase of `release` since then. */
  restartsSince(release: Release, of: { since: Date; phase: number }): Promise<readonly RestartLook[]>;
}

export interface LookAt {
  release: Release;
  /** From 0. */
  phase: number;
  /** Where the release is reached, if it is from outside of the cluster. */
  url?: string | undefined;
  /** ISO 8601: when the pods were ready. */
  since: string;
}

/** ms that each thing may take: one that does not answer is not to hide what the others say. */
const LATE = 8_000;

/** One look at a release that bakes: all is asked side by side, and what cannot be asked is said in `trouble`. */
export async function look(deps: LookDeps, { release, phase, url, since }: LookAt): Promise<BakeLook> {
  const { bake } = release;
  const trouble: string[] = [];
  const or = async <T>(what: string, asked: Promise<T>, otherwise: T): Promise<T> =>
    inTime(asked).catch((error: unknown) => {
      trouble.push(`${what}: ${oneLine(messageOf(error))}`);
      return otherwise;
    });
  const from = new Date(since);
  const [alarms, checks, restarts, requests] = await Promise.all([
    namesAlarms(release) ? or<AlarmLook[]>('the alarms could not be read', readAlarms(deps, bake), []) : [],
    askAll(bake.checks, url),
    or<readonly RestartLook[]>(
      'the pods could not be read',
      deps.restartsSince(release, { since: from, phase }),
      [],
    ),
    bake.traffic &&
      or('the requests could not be counted', countRequests(deps.cloudWatch, bake.traffic, from), undefined),
  ]);
  const at = new Date().toISOString();
  return {
    at,
    alarms,
    checks,
    restarts,
    ...(requests !== undefined && { requests }),
    trouble: trouble.sort(),
  };
}

function inTime<T>(asked: Promise<T>): Promise<T> {
  const late = sleep(LATE, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${LATE / 1000} s`);
  });
  return Promise.race([asked, late]);
}

/** The alarms of a release as they are before anything of it is applied; undefined where nobody can say. */
export async function alarmsBefore(
  clients: AlarmClients,
  release: Release,
): Promise<AlarmLook[] | undefined> {
  if (!namesAlarms(release)) return [];
  return readAlarms(clients, release.bake).catch(() => undefined);
}

function namesAlarms({ bake: { alarms, alarmTag } }: Release): boolean {
  return alarms.length > 0 || alarmTag !== undefined;
}

function askAll(checks: Release['bake']['checks'], url: string | undefined): Promise<CheckLook[]> {
  const nowhere = 'the release has no address outside of the cluster';
  return Promise.all(
    checks.map((check) =>
      url === undefined
        ? ({ path: check.path, result: 'unreachable', message: nowhere } as const)
        : ask(url, check),
    ),
  );
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
