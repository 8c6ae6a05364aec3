import { badField } from './bad-field.ts';
import { secondsOf } from './schema/values.ts';
import type { Said } from './schema.ts';
import type { Bake, HttpCheck, StrategyChoice } from './types.ts';

const CANARY_SECONDS = 60;
const CANARY = [{ percent: 10 }, { percent: 50 }];
const STATUS = [200, 399] as const;
/** How long alarms are heard after the bake, where there are any. */
const WATCH_SECONDS = 600;

/**
 * Seconds that all parts of a release may be watched for together: so long it can be looked at often enough for a rollback
 * within half a minute of an alarm, by what one durable execution may do. Alarms are heard for longer (`watchFor`).
 */
const LONGEST = 4 * 3600;

/** @throws FairleadError `app/bad-file` where a release is watched for too long */
export function checkWatched(strategy: StrategyChoice, { seconds }: Bake): void {
  const steps = strategy.kind === 'canary' ? strategy.steps : [];
  const total = steps.reduce((sum, step) => sum + step.seconds, seconds);
  if (total <= LONGEST) return;
  throw badField(
    steps.length > 0 ? 'strategy.canary.steps' : 'bake',
    `a release is watched for ${total} s in all, ${LONGEST} are possible`,
    'shorten bake or the steps; bake.watchFor hears alarms for longer',
  );
}

/** @throws FairleadError `app/bad-file` where the steps of a canary do not ascend */
export function strategyOf({ strategy = 'rolling' }: Said): StrategyChoice {
  if (strategy === 'rolling' || strategy === 'blue-green') return { kind: strategy };
  const said = (strategy === 'canary' ? undefined : strategy.canary.steps) ?? CANARY;
  const steps = said.map(
    ({ percent, seconds = CANARY_SECONDS }: { percent: number; seconds?: number | string | undefined }) => ({
      percent,
      seconds: secondsOf(seconds),
    }),
  );
  const falling = steps.findIndex(({ percent }, index) => percent <= (steps[index - 1]?.percent ?? 0));
  if (falling < 0) return { kind: 'canary', steps };
  throw badField(
    `strategy.canary.steps.${falling}.percent`,
    `a step of ${steps[falling]?.percent} % comes after one of ${steps[falling - 1]?.percent} %`,
    'put the steps in ascending order',
  );
}

/** `seconds` is how long the installation watches releases that do not say. */
export function bakeOf({ bake }: Said, seconds: number): Bake {
  const said = typeof bake === 'object' ? bake : bake === undefined ? {} : { seconds: bake };
  const { alarms = [], alarmTag, traffic } = said;
  const watched = alarms.length > 0 || alarmTag !== undefined;
  return {
    seconds: secondsOf(said.seconds ?? seconds),
    alarms,
    ...(alarmTag && { alarmTag }),
    checks: (said.checks ?? []).map(checkOf),
    restarts: said.restarts ?? 0,
    ...(traffic && { traffic: { dimensions: {}, minimum: 1, ...defined(traffic) } }),
    unknown: said.unknown ?? 'keep',
    watchFor: secondsOf(said.watchFor ?? (watched ? WATCH_SECONDS : 0)),
  };
}

interface SaidCheck {
  path: string;
  status?: number | string | undefined;
  contains?: string | undefined;
}

function checkOf({ path, status, contains }: SaidCheck, index: number): HttpCheck {
  return {
    path,
    status: range(status, `bake.checks.${index}.status`),
    ...(contains !== undefined && { contains }),
  };
}

function range(said: number | string | undefined, place: string): HttpCheck['status'] {
  if (said === undefined) return STATUS;
  if (typeof said === 'number') return [said, said];
  const [lowest = 0, highest = 0] = said.split('-').map(Number);
  if (lowest <= highest) return [lowest, highest];
  throw badField(place, `${said} is no range of statuses`, 'write the lowest first, like 200-399');
}

/** What is not said is left out, so that a default holds. */
function defined<T extends object>(fields: T) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
