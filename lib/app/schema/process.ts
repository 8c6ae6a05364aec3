import * as z from 'zod/mini';
import { field, needed } from './notes.ts';
import { annotations, duration, none, path, quantity, text, variables, whole, words } from './values.ts';

const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;

const amounts = () =>
  z.strictObject({
    cpu: field(quantity(), { description: 'Processors.', allowed: 'an amount like 250m or 2' }),
    memory: field(quantity(), { description: 'Bytes.', allowed: 'an amount like 128Mi or 1Gi' }),
  });

export const resources = () =>
  field(
    z.strictObject({
      requests: field(amounts(), {
        description:
          'What the scheduler sets aside for each pod. Default: 100m and 128Mi, or the limit where there is one.',
        allowed: 'cpu and memory',
      }),
      limits: field(amounts(), {
        description:
          'What each pod may not exceed. Default: none, for a limit that nobody chose kills what nobody measured.',
        allowed: 'cpu and memory',
      }),
    }),
    {
      description: 'Processor and memory of each pod.',
      allowed: 'requests and limits',
      examples: [{ requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } }],
    },
  );

export const command = () =>
  field(words(), {
    description: "The program and its arguments, instead of the image's ENTRYPOINT.",
    allowed: 'a list of text, the program first',
    examples: [['/app/server']],
  });

export const args = () =>
  field(words(), {
    description: "Arguments, instead of the image's CMD.",
    allowed: 'a list of text',
    examples: [['--verbose']],
  });

export const env = (description: string) =>
  field(variables(), {
    description,
    allowed: 'names and values; a name is made of letters, digits, "_", "-" and "."',
    examples: [{ LOG_LEVEL: 'info' }],
  });

export const port = () =>
  field(z.union([whole(1, 65535), none()]), {
    description: 'The TCP port that the program listens on; it is told to it as the variable PORT.',
    allowed: 'a TCP port, 1 to 65535, or none for a program that takes no requests',
    examples: [8080],
  });

const scale = () =>
  field(
    z.union([
      none(),
      z.strictObject({
        min: field(whole(1, 1000), {
          description: 'Pods at least. Default: replicas.',
          allowed: 'a whole number, 1 to 1000',
        }),
        max: field(whole(1, 1000), {
          description: 'Pods at most.',
          allowed: 'a whole number, 1 to 1000',
          default: 10,
        }),
        cpu: field(whole(1, 1000), {
          description:
            'Percent of the requested processors that pods use on average. Default: 70 if memory says nothing either.',
          allowed: 'percent of what is requested, 1 to 1000',
        }),
        memory: field(whole(1, 1000), {
          description: 'Percent of the requested memory that pods use on average.',
          allowed: 'percent of what is requested, 1 to 1000',
        }),
      }),
    ]),
    {
      description: 'Has the cluster choose the number of pods by their load (HorizontalPodAutoscaler).',
      allowed: 'min, max, cpu and memory, or none',
      default: 'none',
      examples: [{ min: 2, max: 10, cpu: 70 }],
    },
  );

const probe = () =>
  z.union([
    path(),
    z.enum(['tcp', 'none']),
    z.strictObject({ command: needed(words(), { description: 'A program in the image that ends with 0.' }) }),
  ]);

const PROBE = 'the path of an HTTP GET that answers 200 %, like /healthz, or tcp, none, or {command: […]}';

const service = () =>
  field(
    z.union([
      z.enum(SERVICE_TYPES),
      z.strictObject({
        type: field(z.enum(SERVICE_TYPES), {
          description: "How it is reached. Default: the installation's.",
          allowed: `one of ${SERVICE_TYPES.join(', ')}`,
        }),
        port: field(whole(1, 65535), {
          description: 'The port that the Service itself listens on.',
          allowed: 'a TCP port, 1 to 65535',
          default: 80,
        }),
        class: field(text(/^[-a-z0-9./]+$/), {
          description: 'loadBalancerClass: which controller makes the load balancer.',
          allowed: 'the name of a class',
          examples: ['eks.amazonaws.com/nlb'],
        }),
        annotations: field(annotations(), {
          description: 'Annotations of the Service, which load balancers are set up by.',
          allowed: 'names of annotations and texts',
          examples: [{ 'service.beta.kubernetes.io/aws-load-balancer-scheme': 'internet-facing' }],
        }),
      }),
    ]),
    {
      description:
        "How the process is reached (Service). Default: the installation's for web, ClusterIP for others.",
      allowed: `one of ${SERVICE_TYPES.join(', ')}, or type, port, class and annotations`,
      examples: ['LoadBalancer'],
    },
  );

/** What can be said about one process; `web` is said about at the top level. */
export const processFields = (replicas: { least: number }) => ({
  port: port(),
  command: command(),
  args: args(),
  replicas: field(whole(replicas.least, 1000), {
    description: 'Pods. With two, a node that is drained or lost does not take the service with it.',
    allowed: `a whole number, ${replicas.least} to 1000`,
    default: 2,
  }),
  scale: scale(),
  resources: resources(),
  health: field(probe(), {
    description:
      'How the cluster finds out that a pod can take requests (readiness). Default: tcp, something listens on the port; none where there is no port.',
    allowed: PROBE.replace('%', 'once the app can take requests'),
    examples: ['/healthz'],
  }),
  liveness: field(probe(), {
    description:
      'What restarts a container when it fails for a minute (liveness). Default: none, because a program that ends is restarted anyway, and a probe that depends on anything else turns its outage into restarts of all pods.',
    allowed: PROBE.replace('%', 'as long as the program need not be restarted'),
    default: 'none',
  }),
  service: service(),
  terminationGracePeriod: field(duration(0, 3600), {
    description: 'Time between SIGTERM and SIGKILL.',
    allowed: 'seconds, 0 to 3600, or text like 30s or 5m',
    default: 30,
  }),
  capabilities: field(z.array(text(/^[A-Z][A-Z_]*$/)), {
    description: 'Linux capabilities that the container keeps.',
    allowed: 'a list of Linux capabilities without CAP_, like NET_BIND_SERVICE',
    default: [],
  }),
});

/** A process other than web. */
export const furtherProcess = () =>
  z.strictObject({
    ...processFields({ least: 0 }),
    env: env('Variables of this process, beside those of all.'),
  });
