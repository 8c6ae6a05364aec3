import * as z from 'zod/mini';

// What may be written as a number may also come out of a variable, as text.
const text = () => z.pipe(z.union([z.string(), z.number(), z.boolean()]), z.transform(String));
const number = () => z.pipe(z.union([z.number(), z.string().check(z.regex(/^\d+$/))]), z.transform(Number));
const flag = () =>
  z.union([
    z.boolean(),
    z.pipe(
      z.enum(['true', 'false']),
      z.transform((word) => word === 'true'),
    ),
  ]);
const list = () => z.array(text());
const oneOrList = () =>
  z.pipe(
    z.union([text(), list()]),
    z.transform((said) => (Array.isArray(said) ? said : [said])),
  );
const orNull = <T extends z.ZodMiniType>(type: T) => z.union([type, z.null()]);
const command = () => orNull(z.union([z.string(), list()]));
const pairs = () => z.union([z.record(z.string(), orNull(text())), list()]);
const anything = () => z.optional(z.unknown());

const build = z.union([
  z.string(),
  z.looseObject({
    context: z.optional(z.string()),
    dockerfile: z.optional(z.string()),
    target: z.optional(z.string()),
    dockerfile_inline: z.optional(z.string()),
  }),
]);

const port = z.looseObject({
  target: number(),
  published: z.optional(text()),
  protocol: z.optional(z.string()),
});

const healthcheck = z.looseObject({
  test: z.optional(z.union([z.string(), list()])),
  interval: z.optional(text()),
  timeout: z.optional(text()),
  retries: z.optional(number()),
  start_period: z.optional(text()),
  start_interval: z.optional(text()),
  disable: z.optional(flag()),
});

const amounts = z.looseObject({
  cpus: z.optional(text()),
  memory: z.optional(text()),
  pids: z.optional(text()),
  devices: anything(),
});

const deploy = z.looseObject({
  replicas: z.optional(number()),
  mode: z.optional(z.string()),
  resources: z.optional(z.looseObject({ limits: z.optional(amounts), reservations: z.optional(amounts) })),
});

const mount = z.looseObject({
  type: z.string(),
  source: z.optional(z.string()),
  target: z.string(),
  read_only: z.optional(flag()),
  tmpfs: z.optional(z.looseObject({ size: z.optional(text()) })),
});

const fileGrant = z.union([
  z.string(),
  z.looseObject({
    source: z.string(),
    target: z.optional(z.string()),
    mode: z.optional(text()),
  }),
]);

const envFile = z.union([
  z.string(),
  z.looseObject({ path: z.string(), required: z.optional(flag()), format: z.optional(z.string()) }),
]);

/** The keys of a service that mean something to a Deployment; all others are in lib/manifests/compose/keys.ts. */
export const serviceSchema = z.looseObject({
  image: z.optional(z.string()),
  build: z.optional(build),
  command: z.optional(command()),
  entrypoint: z.optional(command()),
  environment: z.optional(orNull(pairs())),
  env_file: z.optional(z.union([z.string(), z.array(envFile)])),
  ports: z.optional(z.array(z.union([text(), port]))),
  expose: z.optional(list()),
  healthcheck: z.optional(healthcheck),
  deploy: z.optional(deploy),
  depends_on: z.optional(
    z.union([list(), z.record(z.string(), z.looseObject({ condition: z.optional(z.string()) }))]),
  ),
  restart: z.optional(text()),
  user: z.optional(text()),
  group_add: z.optional(list()),
  working_dir: z.optional(z.string()),
  hostname: z.optional(z.string()),
  extra_hosts: z.optional(pairs()),
  cap_add: z.optional(list()),
  cap_drop: z.optional(list()),
  read_only: z.optional(flag()),
  security_opt: z.optional(list()),
  configs: z.optional(z.array(fileGrant)),
  secrets: z.optional(z.array(fileGrant)),
  volumes: z.optional(z.array(z.union([z.string(), mount]))),
  tmpfs: z.optional(oneOrList()),
  shm_size: z.optional(text()),
  stop_grace_period: z.optional(text()),
  stdin_open: z.optional(flag()),
  tty: z.optional(flag()),
  pull_policy: z.optional(z.string()),
  scale: z.optional(number()),
  cpus: z.optional(text()),
  mem_limit: z.optional(text()),
  mem_reservation: z.optional(text()),
  profiles: z.optional(list()),
});

const definition = z.looseObject({
  name: z.optional(z.string()),
  external: z.optional(z.union([flag(), z.looseObject({})])),
  file: z.optional(z.string()),
  content: z.optional(z.string()),
  environment: z.optional(z.string()),
  'x-fairlead': z.optional(
    z.strictObject({ size: z.optional(z.string()), storageClass: z.optional(z.string()) }),
  ),
});
const definitions = () => z.optional(orNull(z.record(z.string(), orNull(definition))));

/** A compose file, its services apart (compose-spec, schema/compose-spec.json). */
export const composeSchema = z.looseObject({
  services: z.record(z.string(), z.unknown()),
  volumes: definitions(),
  configs: definitions(),
  secrets: definitions(),
});

export type ComposeService = z.output<typeof serviceSchema>;
export type ComposeFile = Pick<z.output<typeof composeSchema>, 'volumes' | 'configs' | 'secrets'>;
export type Definition = z.output<typeof definition>;
