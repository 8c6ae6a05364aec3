import { FairleadError } from '../errors.ts';
import type { LoadBalancerScheme } from '../load-balancer-scheme.ts';
import { badField } from './bad-field.ts';
import { WEB } from './name.ts';
import { programOf } from './programs.ts';
import { secondsOf } from './schema/values.ts';
import type { Said } from './schema.ts';
import type { ImageFacts, Probe, Process, Scale, ServiceType } from './types.ts';

// Two, so that a node that is drained or lost (EKS Auto Mode replaces nodes as it sees fit) never takes the service
// with it. A rolling update alone would do with one: the new pod is ready before the old one goes.
const REPLICAS = 2;
const TERMINATION_GRACE_SECONDS = 30;
const SCALE = { max: 10, cpu: 70 };
const SERVICE_PORT = 80;

/** Names that Deployments of web have beside its own. */
const TAKEN = ['blue', 'green', 'canary', 'stable'];

/** What the installation says of Services. */
interface Services {
  service: ServiceType;
  loadBalancers?: LoadBalancerScheme;
}

type SaidProcess = Exclude<NonNullable<Said['processes']>[string], 'none'>;

/**
 * The processes that `said` names, web first.
 * @throws FairleadError `app/no-port`, `app/bad-file`
 */
export function processesOf(said: Said, image: ImageFacts, { service, loadBalancers }: Services): Process[] {
  return Object.entries(said.processes ?? {}).flatMap(([name, process]) => {
    if (process === 'none' && name === WEB)
      throw badField(
        'processes.web',
        'an app has a process web',
        'write `port: none` at the top level if it takes no requests',
      );
    if (TAKEN.includes(name))
      throw badField(
        `processes.${name}`,
        `the name ${name} is taken by a Deployment of web`,
        'choose another one',
      );
    if (process === 'none') return [];
    const port = name === WEB ? webPort(process, image) : portOf(process);
    const reached = serviceOf(process.service, name === WEB ? service : 'ClusterIP', loadBalancers);
    return [processOf(name, process, said.env, port, reached)];
  });
}

function processOf(
  name: string,
  said: SaidProcess,
  env: Said['env'],
  port: number | undefined,
  service: Process['service'],
): Process {
  const place = name === WEB ? '' : `processes.${name}`;
  const replicas = said.replicas ?? REPLICAS;
  if (name === WEB && replicas === 0)
    throw badField('processes.web.replicas', 'a web process of no pods serves nobody', 'give it 1 or more');
  const scale = scaleOf(said, replicas, place);
  return {
    name,
    ...programOf(said, env, place),
    ...(port !== undefined && { port }),
    replicas: scale?.min ?? replicas,
    ...(scale && { scale }),
    health: probeOf(said.health, port, port === undefined ? 'none' : 'tcp', `${dotted(place)}health`),
    liveness: probeOf(said.liveness, port, 'none', `${dotted(place)}liveness`),
    service,
    terminationGracePeriod: secondsOf(said.terminationGracePeriod ?? TERMINATION_GRACE_SECONDS),
    capabilities: said.capabilities ?? [],
  };
}

function portOf({ port }: SaidProcess): number | undefined {
  return port === 'none' ? undefined : port;
}

function webPort(said: SaidProcess, image: ImageFacts): number | undefined {
  if (said.port !== undefined) return portOf(said);
  const port = [...image.exposedPorts].sort((a, b) => a - b)[0] ?? portVariable(image.env);
  if (port !== undefined) return port;
  throw new FairleadError({
    code: 'app/no-port',
    operation: 'deciding which port the app listens on',
    cause: 'the image says no port: its Dockerfile has neither EXPOSE nor ENV PORT',
    remedy:
      'add `EXPOSE 8080` (the port that the app listens on) to the Dockerfile, or `port: 8080` to fairlead.yaml (`port: none` if it takes no requests)',
  });
}

function portVariable(env: readonly string[] = []): number | undefined {
  const value = env.findLast((entry) => entry.startsWith('PORT='))?.slice('PORT='.length);
  const port = /^\d{1,5}$/.test(value ?? '') ? Number(value) : 0;
  return port >= 1 && port <= 65535 ? port : undefined;
}

function scaleOf({ scale }: SaidProcess, replicas: number, place: string): Scale | undefined {
  if (scale === undefined || scale === 'none') return undefined;
  const { min = Math.max(replicas, 1), max = Math.max(SCALE.max, min), cpu, memory } = scale;
  if (min > max)
    throw badField(`${dotted(place)}scale`, `min (${min}) is above max (${max})`, 'raise max, or lower min');
  return {
    min,
    max,
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { memory }),
    ...(cpu === undefined && memory === undefined && { cpu: SCALE.cpu }),
  };
}

function probeOf(
  said: SaidProcess['health'],
  port: number | undefined,
  otherwise: 'tcp' | 'none',
  place: string,
): Probe {
  const probe = said ?? otherwise;
  if (typeof probe !== 'string') return { by: 'command', command: probe.command };
  if (probe === 'none') return { by: 'none' };
  if (port === undefined)
    throw badField(
      place,
      'there is no port that could be asked',
      'give the process a port, or use {command: […]}',
    );
  return probe === 'tcp' ? { by: 'tcp' } : { by: 'http', path: probe };
}

function serviceOf(
  said: SaidProcess['service'],
  otherwise: ServiceType,
  scheme: LoadBalancerScheme | undefined,
): Process['service'] {
  const fields = typeof said === 'string' ? { type: said } : (said ?? {});
  const type = fields.type ?? otherwise;
  return {
    type,
    port: fields.port ?? SERVICE_PORT,
    ...(fields.class !== undefined && { class: fields.class }),
    ...(type === 'LoadBalancer' && scheme !== undefined && { scheme }),
    annotations: fields.annotations ?? {},
  };
}

function dotted(place: string): string {
  return place === '' ? '' : `${place}.`;
}
