import * as z from 'zod/mini';
import { field } from './schema/notes.ts';
import { env, furtherProcess, processFields } from './schema/process.ts';
import { bake, strategy } from './schema/rollout.ts';
import { config, ingress, manifests, secrets, serviceAccount } from './schema/surroundings.ts';
import { cronJob, cronJobInEnvironment, job } from './schema/tasks.ts';
import { byEnvironment, byLabel, duration, none, whole } from './schema/values.ts';

const PLATFORMS = ['linux/amd64', 'linux/arm64'] as const;
const ENGINES = ['function', 'microvm', 'codebuild'] as const;

const processes = () =>
  field(byLabel(z.union([none(), furtherProcess()])), {
    description:
      'Further processes of the same image. What stands at the top level is said of the process web, which takes the requests.',
    allowed:
      'names of up to 30 lower-case letters, digits and "-", each with what is said of that process, or none',
    default: {},
    examples: [{ worker: { command: ['/app/worker'], replicas: 1 } }],
  });

const jobs = () =>
  field(byLabel(job()), {
    description:
      'What runs to its end before a release changes anything that serves, one after another as they are written: migrations. A rollback runs none.',
    allowed: 'names, each with command, args, env, resources, timeout and retries, or none',
    default: {},
    examples: [{ migrate: { command: ['/app/migrate'], timeout: '5m' } }],
  });

const cron = <T extends z.ZodMiniType>(entry: T) =>
  field(byLabel(entry), {
    description: 'What runs at set times.',
    allowed:
      'names, each with schedule, command, args, env, resources, timeout, retries, timeZone, concurrency and suspend, or none',
    default: {},
    examples: [{ report: { schedule: '0 3 * * *', command: ['/app/report'] } }],
  });

/** What may differ from environment to environment. */
const general = {
  ...processFields({ least: 1 }),
  processes: processes(),
  env: env('Variables of all processes, jobs and cron jobs.'),
  secrets: secrets(),
  config: config(),
  ingress: ingress(),
  serviceAccount: serviceAccount(),
  security: field(z.enum(['restricted', 'as-is']), {
    description:
      'restricted: the Pod Security Standard of that name, or the release is refused. as-is: whatever the image and the cluster say. Default: all of the standard, but that images may run as root.',
    allowed: 'one of restricted, as-is',
  }),
  user: field(whole(1, 2_147_483_647), {
    description: "Number of the user that containers run as, instead of the image's.",
    allowed: "a user's number, from 1",
    examples: [65532],
  }),
  jobs: jobs(),
  cron: cron(cronJob()),
  strategy: strategy(),
  bake: bake(),
  patience: field(duration(5, 3600), {
    description: 'How long a rollout may go on without progress before it is called failed.',
    allowed: 'seconds, 5 to 3600, or text like 30s or 5m',
    default: 60,
  }),
  manifests: manifests(),
};

/** The keys of `fairlead.yaml`, all of them optional. */
export const appFileSchema = z.strictObject({
  ...general,
  engine: field(z.enum(ENGINES), {
    description: 'Who builds the image. Default: the first that can.',
    allowed: `one of ${ENGINES.join(', ')}: who builds the image, instead of the first that can`,
  }),
  platform: field(z.enum(PLATFORMS), {
    description: "What the image is built for, and runs on. Default: the installation's.",
    allowed: `one of ${PLATFORMS.join(', ')}: what the image is built for, and runs on`,
  }),
  environments: field(byEnvironment(z.strictObject({ ...general, cron: cron(cronJobInEnvironment()) })), {
    description:
      'What differs in an environment of that name; `preview` is for all previews. Names and values are added to, all else is replaced.',
    allowed: 'names of environments like production or preview, each with what differs there',
    default: {},
    examples: [{ preview: { replicas: 1, ingress: { host: '{environment}.shop.example.com' } } }],
  }),
});

export type AppFile = z.output<typeof appFileSchema>;

/** What an app says of itself in one environment. */
export type Said = NonNullable<AppFile['environments']>[string];
