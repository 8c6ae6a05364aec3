import * as z from 'zod/mini';

const QUANTITY = /^[0-9]+(\.[0-9]+)?([EPTGMkmun]|[EPTGMK]i|e[0-9]+)?$/;
const VARIABLE = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;
const PLATFORMS = ['linux/amd64', 'linux/arm64'] as const;
const ENGINES = ['function', 'microvm', 'codebuild'] as const;

const whole = (from: number, to: number) => z.int().check(z.gte(from), z.lte(to));
const words = () => z.array(z.string()).check(z.minLength(1));
const quantity = () =>
  z.pipe(z.union([z.string(), z.number()]), z.transform(String)).check(z.regex(QUANTITY));
const amounts = () => z.strictObject({ cpu: z.optional(quantity()), memory: z.optional(quantity()) });

/** The keys of `fairlead.yaml`, all of them optional. */
export const appFileSchema = z.strictObject({
  port: z.optional(whole(1, 65535)),
  replicas: z.optional(whole(1, 1000)),
  env: z.optional(z.record(z.string().check(z.regex(VARIABLE)), z.string())),
  command: z.optional(words()),
  args: z.optional(words()),
  resources: z.optional(z.strictObject({ requests: z.optional(amounts()), limits: z.optional(amounts()) })),
  health: z.optional(z.string().check(z.regex(/^\/[\x21-\x7e]*$/))),
  service: z.optional(z.enum(SERVICE_TYPES)),
  patience: z.optional(whole(5, 3600)),
  terminationGracePeriod: z.optional(whole(0, 3600)),
  capabilities: z.optional(z.array(z.string().check(z.regex(/^[A-Z][A-Z_]*$/)))),
  engine: z.optional(z.enum(ENGINES)),
  platform: z.optional(z.enum(PLATFORMS)),
});

export type AppFile = z.output<typeof appFileSchema>;

/** What may stand at a key, for the person who wrote something else. */
const ALLOWED: Record<string, string> = {
  '': 'keys and values',
  port: 'a TCP port, 1 to 65535',
  replicas: 'a whole number, 1 to 1000',
  env: 'names and values; a name is made of letters, digits, "_", "-" and "."',
  command: 'a list of text, the program first',
  args: 'a list of text',
  resources: 'requests and limits',
  'resources.requests': 'cpu and memory',
  'resources.limits': 'cpu and memory',
  'resources.requests.cpu': 'an amount like 250m or 2',
  'resources.limits.cpu': 'an amount like 250m or 2',
  'resources.requests.memory': 'an amount like 128Mi or 1Gi',
  'resources.limits.memory': 'an amount like 128Mi or 1Gi',
  health: 'the path of an HTTP GET that answers 200 once the app can take requests, like /healthz',
  service: `one of ${SERVICE_TYPES.join(', ')}`,
  patience: 'seconds, 5 to 3600',
  terminationGracePeriod: 'seconds, 0 to 3600',
  capabilities: 'a list of Linux capabilities without CAP_, like NET_BIND_SERVICE',
  engine: `one of ${ENGINES.join(', ')}: who builds the image, instead of the first that can`,
  platform: `one of ${PLATFORMS.join(', ')}: what the image is built for, and runs on`,
};

/** What may stand at `path`, or at the nearest key above it. */
export function allowedAt(path: readonly string[]): string {
  if (path[0] === 'env' && path.length > 1) return 'text';
  return ALLOWED[path.join('.')] ?? allowedAt(path.slice(0, -1));
}

/** The keys that may stand below `path`. */
export function keysAt(path: readonly string[]): string[] {
  const prefix = path.length === 0 ? '' : `${path.join('.')}.`;
  return Object.keys(ALLOWED)
    .filter((key) => key !== '' && key.startsWith(prefix) && !key.slice(prefix.length).includes('.'))
    .map((key) => key.slice(prefix.length));
}
