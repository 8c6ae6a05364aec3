import * as z from 'zod/mini';
import { field, type Note, needed } from './notes.ts';
import { args, command, env, resources } from './process.ts';
import { duration, none, text, whole } from './values.ts';

/** Seconds that all jobs before one release may take together: the deployment, which has half a day, waits for them. */
export const JOBS_SECONDS = 6 * 3600;

const taskFields = (timeout: string, longest: number) => ({
  command: command(),
  args: args(),
  env: env('Variables beside those of all processes.'),
  resources: resources(),
  timeout: field(duration(1, longest), {
    description: `Time after which it has failed.`,
    allowed: `seconds, 1 to ${longest}, or text like 30s or 5m`,
    default: timeout,
  }),
  retries: field(whole(0, 20), {
    description: 'How many more times it is started after a failure.',
    allowed: 'a whole number, 0 to 20',
    default: 0,
  }),
});

/** A job that runs before each release. */
export const job = () => z.union([none(), z.strictObject(taskFields('10m', JOBS_SECONDS))]);

/** A job that runs at set times. */
export const cronJob = () => cronJobWith(needed);

/** What differs of one: it may be no more than that it does not run. */
export const cronJobInEnvironment = () => cronJobWith(field);

const cronJobWith = <T extends z.ZodMiniType>(schedule: (schema: z.ZodMiniString, note: Note) => T) =>
  z.union([
    none(),
    z.strictObject({
      schedule: schedule(
        text(/^\s*(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|\S+(\s+\S+){4})\s*$/),
        {
          description: 'Minute, hour, day of the month, month, day of the week.',
          allowed: 'five fields like 0 3 * * *, or @hourly, @daily, @weekly, @monthly, @yearly',
          examples: ['0 3 * * *', '@hourly'],
        },
      ),
      ...taskFields('1h', 86400),
      timeZone: field(text(/^[A-Za-z][-+A-Za-z0-9_]*(\/[-+A-Za-z0-9_]+)*$/), {
        description: "Of the schedule. Default: the cluster's, which is UTC on EKS.",
        allowed: 'the name of a time zone, like Europe/Berlin',
        examples: ['Europe/Berlin'],
      }),
      concurrency: field(z.enum(['allow', 'forbid', 'replace']), {
        description:
          'What happens when the last run has not ended: both run, the new one is left out, or it replaces the last.',
        allowed: 'one of allow, forbid, replace',
        default: 'forbid',
      }),
      suspend: field(z.boolean(), {
        description: 'Whether it does not run for now.',
        allowed: 'true or false',
        default: false,
      }),
    }),
  ]);
