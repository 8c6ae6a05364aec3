import { checkName, WEB } from '../app/name.ts';
import type { App, Process } from '../app/types.ts';
import { FairleadError } from '../errors.ts';
import type { Context } from './context.ts';
import { deployment } from './deployment.ts';
import { bounds, configMap, namespaceObject, type Quota, secret, serviceAccount } from './grounds.ts';
import { COMMIT, identity, RELEASE, version } from './labels.ts';
import { processName, trackName } from './names.ts';
import { ingressObject, service } from './network.ts';
import { autoscaler, disruptionBudget } from './scaling.ts';
import { originFor, originOf } from './serving.ts';
import { cronJob, job } from './tasks.ts';
import type { KubernetesObject, Release, Strategy, Track } from './types.ts';

/** What a release is rendered from. */
export interface Rendering {
  app: App;
  /** `HOST/PATH@sha256:…` */
  image: string;
  environment: { name: string; namespace: string };
  commit: string;
  number: number;
  createdAt: Date;
  /** The release whose pods take the requests now: the last one that was kept. None before the first. */
  serving?: Release;
  /** The current version ids of {@link secretIdsOf}, by id. */
  secretVersions?: Readonly<Record<string, string>>;
  /** Of a preview. */
  quota?: Quota;
  /** The app's own resources, with the image and the labels of its identity: they replace what is rendered of its processes. */
  own?: readonly KubernetesObject[];
  /** Jobs among them, which run before those of `fairlead.yaml`. */
  ownJobs?: readonly KubernetesObject[];
}

/** The secrets of Secrets Manager whose current versions a release of `app` holds on to. */
export function secretIdsOf({ secrets }: App): string[] {
  const ids = Object.values(secrets).flatMap((one) => (one.in === 'secrets-manager' ? [one.id] : []));
  return [...new Set(ids)].sort();
}

/**
 * The release of `image` for an environment: the same input gives the same bytes.
 * @throws FairleadError `app/bad-name`, `release/no-secret-version`, `release/no-service`, `release/two-ingresses`
 */
export function render(rendering: Rendering): Release {
  const { app, image, environment, commit, number, createdAt, serving, own } = rendering;
  checkName('app', app.name);
  checkName('namespace', environment.namespace);
  const context = contextOf(rendering);
  const strategy = strategyOf(app, serving);
  const resources = [
    ...grounds(context, rendering),
    ...(own ?? guides(context, strategy)),
    ...ingress(context, own),
    ...byName(app.cron).map((task) => cronJob(context, task)),
    // Last: everything that its pods need is there before they start.
    ...(own === undefined ? workloads(context, strategy) : []),
  ];
  const port = app.processes.find(({ name }) => name === WEB)?.port;
  const from = serving && originFor(resources, serving, own === undefined);
  return {
    number,
    app: app.name,
    environment: environment.name,
    namespace: environment.namespace,
    commit,
    image,
    ...(port !== undefined && { port }),
    jobs: [...(rendering.ownJobs ?? []), ...app.jobs.map((task) => job(context, task))],
    strategy,
    ...(from && { from }),
    bake: app.bake,
    resources,
    createdAt: createdAt.toISOString(),
  };
}

function contextOf({ app, image, environment, commit, number, secretVersions = {} }: Rendering): Context {
  const ids = identity(app.name, environment.name);
  return {
    app,
    image,
    namespace: environment.namespace,
    number,
    ids,
    metadata: {
      labels: { ...ids, ...version(commit) },
      annotations: { [RELEASE]: String(number), [COMMIT]: commit },
    },
    secretVersions,
  };
}

/** The color that does not serve, so that the one that does stays as it is. */
function strategyOf({ strategy }: App, serving: Release | undefined): Strategy {
  if (strategy.kind === 'canary') return strategy;
  if (strategy.kind === 'rolling') return { kind: 'rolling' };
  const from = serving && originOf(serving);
  return { kind: 'blue-green', color: from?.track === 'blue' ? 'green' : 'blue' };
}

/** What pods refer to as they start. */
function grounds(context: Context, { quota, own, app }: Rendering): KubernetesObject[] {
  const isNeeded = own === undefined || app.jobs.length + app.cron.length > 0;
  const referred = isNeeded ? [accountOf(context, own), configMap(context), secret(context)] : [];
  return [
    namespaceObject(context, quota ? 'preview' : 'production'),
    ...(quota ? bounds(context, quota) : []),
    ...referred.filter((one) => one !== undefined),
  ];
}

/** That of the app's name; a chart's own one mostly has it, and then jobs have that. */
function accountOf(context: Context, own: readonly KubernetesObject[] = []): KubernetesObject | undefined {
  return isAmong(own, 'ServiceAccount', context.app.name) ? undefined : serviceAccount(context);
}

function isAmong(own: readonly KubernetesObject[], kind: string, name: string): boolean {
  return own.some((one) => one.kind === kind && one.metadata.name === name);
}

/** How requests come to the processes, and how many of their pods may be missing. */
function guides(context: Context, strategy: Strategy): KubernetesObject[] {
  const processes = inOrder(context.app);
  return [
    ...processes
      .filter(({ port }) => port !== undefined)
      .map((process) => service(context, process, trackOf(process, strategy))),
    ...processes.filter(({ replicas }) => replicas > 1).map((process) => disruptionBudget(context, process)),
  ];
}

function ingress(context: Context, own: Rendering['own']): KubernetesObject[] {
  const { name, ingress: said, processes } = context.app;
  if (said === undefined) return [];
  if (own !== undefined && isAmong(own, 'Ingress', name)) throw twoIngresses(name);
  const port =
    own === undefined ? processes.find((one) => one.name === WEB)?.service.port : portOfOwn(own, name);
  if (port !== undefined) return [ingressObject(context, said, port)];
  throw new FairleadError({
    code: 'release/no-service',
    operation: 'making the release',
    place: 'fairlead.yaml: ingress',
    cause: `the app's own manifests have no Service called ${name}, to which its requests could go`,
    remedy: `call the Service ${name}, or have an Ingress among the manifests`,
  });
}

function twoIngresses(name: string): FairleadError {
  return new FairleadError({
    code: 'release/two-ingresses',
    operation: 'making the release',
    place: 'fairlead.yaml: ingress',
    cause: `the app's own manifests have an Ingress called ${name}, which this would take the place of`,
    remedy: 'leave one of them out, or give that one another name',
  });
}

function portOfOwn(own: readonly KubernetesObject[], app: string): number | undefined {
  const found = own.find(({ kind, metadata: { name } }) => kind === 'Service' && name === app);
  return (found?.spec as { ports?: { port: number }[] } | undefined)?.ports?.[0]?.port;
}

function workloads(context: Context, strategy: Strategy): KubernetesObject[] {
  return inOrder(context.app).flatMap((process) => {
    const track = trackOf(process, strategy);
    const { name: app } = context.app;
    const name = process.name === WEB ? trackName(app, track) : processName(app, process.name);
    return [
      deployment(context, process, { name, track }),
      ...(process.scale ? [autoscaler(context, process, process.scale, name)] : []),
    ];
  });
}

/** Only what takes the app's requests has another track than `stable`. */
function trackOf({ name }: Process, strategy: Strategy): Exclude<Track, 'canary'> {
  return name === WEB && strategy.kind === 'blue-green' ? strategy.color : 'stable';
}

/** Web last: what it may ask of the others is changed before it. */
function inOrder({ processes }: App): Process[] {
  const [web, ...others] = processes;
  return [...byName(others), ...(web ? [web] : [])];
}

function byName<T extends { name: string }>(named: readonly T[]): T[] {
  return [...named].sort((a, b) => (a.name < b.name ? -1 : 1));
}
