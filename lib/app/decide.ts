import { FairleadError } from '../errors.ts';
import { parseAppFile } from './file.ts';
import { checkName } from './name.ts';
import type { AppFile } from './schema.ts';
import type { App, ImageFacts, ServiceType } from './types.ts';

/** What an app is decided from. */
export interface AppSources {
  name: string;
  /** Text of the repository's `fairlead.yaml`, where it has one. */
  file?: string;
  image: ImageFacts;
  /** What the installation says for apps that do not say it themselves. */
  defaults: { service: ServiceType };
}

// Two, so that a node that is drained or lost (EKS Auto Mode replaces nodes as it sees fit) never takes the service
// with it. A rolling update alone would do with one: the new pod is ready before the old one goes.
const REPLICAS = 2;
const PATIENCE_SECONDS = 60;
const TERMINATION_GRACE_SECONDS = 30;
// What schedulers and autoscalers count with. No limits by default: a limit that nobody chose kills what nobody measured.
const REQUESTS = { cpu: '100m', memory: '128Mi' };

/**
 * Decides everything about an app: its file first, then the image, then the installation.
 * @throws FairleadError `app/bad-file`, `app/bad-name`, `app/no-port`
 */
export function decideApp({ name, file, image, defaults }: AppSources): App {
  checkName('app', name);
  const said = parseAppFile(file ?? '');
  return {
    name,
    port: portOf(said, image),
    replicas: said.replicas ?? REPLICAS,
    env: envOf(said),
    command: said.command,
    args: said.args,
    resources: resourcesOf(said),
    health: said.health === undefined ? { by: 'tcp' } : { by: 'http', path: said.health },
    service: said.service ?? defaults.service,
    runAs: runAs(image.user),
    architecture: image.architecture,
    capabilities: said.capabilities ?? [],
    patience: said.patience ?? PATIENCE_SECONDS,
    terminationGracePeriod: said.terminationGracePeriod ?? TERMINATION_GRACE_SECONDS,
  };
}

function portOf(said: AppFile, image: ImageFacts): number {
  const port = said.port ?? [...image.exposedPorts].sort((a, b) => a - b)[0] ?? portVariable(image.env);
  if (port !== undefined) return port;
  throw new FairleadError({
    code: 'app/no-port',
    operation: 'deciding which port the app listens on',
    cause: 'the image says no port: its Dockerfile has neither EXPOSE nor ENV PORT',
    remedy:
      'add `EXPOSE 8080` (the port that the app listens on) to the Dockerfile, or `port: 8080` to fairlead.yaml',
  });
}

function portVariable(env: readonly string[] = []): number | undefined {
  const value = env.findLast((entry) => entry.startsWith('PORT='))?.slice('PORT='.length);
  const port = /^\d{1,5}$/.test(value ?? '') ? Number(value) : 0;
  return port >= 1 && port <= 65535 ? port : undefined;
}

function envOf(said: AppFile): Record<string, string> {
  if (said.env?.PORT === undefined) return said.env ?? {};
  throw new FairleadError({
    code: 'app/bad-file',
    operation: 'reading fairlead.yaml',
    place: 'fairlead.yaml: env.PORT',
    cause: 'PORT is set by Fairlead, to the port that the Service sends requests to',
    remedy: `write \`port: ${said.env.PORT}\` at the top level instead`,
  });
}

// A request above its limit is refused by the API; one that is left out is taken from the limit.
function resourcesOf({ resources = {} }: AppFile): App['resources'] {
  const { requests = {}, limits = {} } = resources;
  const cpu = requests.cpu ?? (limits.cpu === undefined ? REQUESTS.cpu : undefined);
  const memory = requests.memory ?? (limits.memory === undefined ? REQUESTS.memory : undefined);
  return {
    requests: { ...(cpu && { cpu }), ...(memory && { memory }) },
    limits,
  };
}

// The kubelet cannot tell who a name is: it refuses `runAsNonRoot` for users that are not numbers.
function runAs(user = ''): number | undefined {
  const id = /^(\d+)(:.*)?$/.exec(user)?.[1];
  return id === undefined || Number(id) === 0 ? undefined : Number(id);
}
