import { badField } from './bad-field.ts';
import { JOBS_SECONDS } from './schema/tasks.ts';
import { secondsOf } from './schema/values.ts';
import type { Said } from './schema.ts';
import type { Amounts, CronTask, Program, Task } from './types.ts';

// What schedulers and autoscalers count with. No limits by default: a limit that nobody chose kills what nobody measured.
const REQUESTS = { cpu: '100m', memory: '128Mi' };
const JOB_SECONDS = 600;
const CRON_SECONDS = 3600;

type SaidCron = Exclude<NonNullable<Said['cron']>[string], 'none'>;
type SaidJob = Exclude<NonNullable<Said['jobs']>[string], 'none'>;
type SaidProgram = Pick<SaidJob, 'command' | 'args' | 'env' | 'resources'>;

/** What is said of a program, `env` being the variables of all; `place` is the path of its fields, for errors. */
export function programOf(said: SaidProgram, env: Said['env'], place: string): Program {
  return {
    ...(said.command && { command: said.command }),
    ...(said.args && { args: said.args }),
    env: envOf({ ...env, ...said.env }, place),
    resources: resourcesOf(said),
  };
}

/** The jobs before a release, in the order in which they run. */
export function jobsOf({ jobs = {}, env }: Said): Task[] {
  const tasks = Object.entries(jobs).flatMap(([name, said]) =>
    said === 'none' ? [] : [taskOf(name, said, env, `jobs.${name}`, JOB_SECONDS)],
  );
  const seconds = tasks.reduce((sum, { timeout }) => sum + timeout, 0);
  if (seconds > JOBS_SECONDS)
    throw badField(
      'jobs',
      `they may take ${seconds} s one after another, and a release waits ${JOBS_SECONDS} s for them`,
      'lower their timeout, or do what takes longer in a cron job',
    );
  return tasks;
}

export function cronOf({ cron = {}, env }: Said): CronTask[] {
  return Object.entries(cron).flatMap(([name, said]) =>
    said === 'none'
      ? []
      : [{ ...taskOf(name, said, env, `cron.${name}`, CRON_SECONDS), ...timesOf(name, said) }],
  );
}

const CONCURRENCY = { allow: 'Allow', forbid: 'Forbid', replace: 'Replace' } as const;

function timesOf(name: string, { schedule, timeZone, concurrency = 'forbid', suspend = false }: SaidCron) {
  if (schedule === undefined)
    throw badField(
      `cron.${name}.schedule`,
      'the file says no schedule of this name that an environment could differ from',
      `write one, like 0 3 * * *`,
    );
  return {
    schedule: schedule.trim(),
    ...(timeZone !== undefined && { timeZone }),
    concurrency: CONCURRENCY[concurrency],
    suspend,
  };
}

function taskOf(name: string, said: SaidJob, env: Said['env'], place: string, seconds: number): Task {
  return {
    name,
    ...programOf(said, env, place),
    timeout: secondsOf(said.timeout ?? seconds),
    retries: said.retries ?? 0,
  };
}

function envOf(said: NonNullable<Said['env']>, place: string): Record<string, string> {
  if (said.PORT === undefined)
    return Object.fromEntries(Object.entries(said).map(([name, value]) => [name, String(value)]));
  throw badField(
    place === '' ? 'env.PORT' : `${place}.env.PORT`,
    'PORT is set by Fairlead, to the port that the Service sends requests to',
    `write \`port: ${said.PORT}\` instead, beside command and replicas`,
  );
}

// A request above its limit is refused by the API; one that is left out is taken from the limit.
function resourcesOf({ resources = {} }: SaidProgram): Program['resources'] {
  const limits = amounts(resources.limits);
  const requests = amounts(resources.requests);
  const cpu = requests.cpu ?? (limits.cpu === undefined ? REQUESTS.cpu : undefined);
  const memory = requests.memory ?? (limits.memory === undefined ? REQUESTS.memory : undefined);
  return { requests: { ...(cpu && { cpu }), ...(memory && { memory }) }, limits };
}

function amounts({
  cpu,
  memory,
}: {
  cpu?: string | number | undefined;
  memory?: string | number | undefined;
} = {}): Amounts {
  return {
    ...(cpu !== undefined && { cpu: String(cpu) }),
    ...(memory !== undefined && { memory: String(memory) }),
  };
}
