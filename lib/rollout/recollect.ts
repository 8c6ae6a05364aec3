import { fenceOf } from '../kube/owner.ts';
import type { LiveObject } from '../kube/wire.ts';
import { COMMIT, PROCESS, RELEASE, TRACK } from '../release/labels.ts';
import type { KubernetesObject, Release, Track } from '../release/types.ts';
import type { Cluster } from './cluster.ts';
import { extract } from './extract.ts';
import { objectOf } from './inventory.ts';
import { recall } from './memory.ts';
import type { Sighted } from './survey.ts';

/** What the cluster knows of an environment. */
export interface Recollection {
  /** The greatest of all its objects: no claim below it may write there. */
  fence: number;
  /** The greatest number that a release has there. */
  number: number;
  /** The release that serves; absent where nothing runs. */
  release?: Release;
}

/** Without a bake: what is put back was good, or is judged by the people who ask for it. */
const NO_BAKE: Release['bake'] = {
  seconds: 0,
  alarms: [],
  checks: [],
  restarts: 0,
  unknown: 'keep',
  watchFor: 0,
};

/**
 * Makes the release anew that runs in an environment, of the objects that its inventory names: what Fairlead has applied
 * of them. Where two are there at once (a canary, the other color), it is the one that takes the requests. Its jobs, and
 * what it was watched by, nobody knows any more.
 */
export async function recollect(cluster: Cluster, of: Sighted, now: Date): Promise<Recollection> {
  const { entries } = await recall(cluster, of);
  const found = await Promise.all(
    entries.map(async (entry) => {
      const placed = await cluster.find(objectOf(entry, of), of.namespace);
      return placed && cluster.kube.find<LiveObject>(placed.path.object);
    }),
  );
  const live = found.filter((object) => object !== undefined);
  const fence = Math.max(of.fence, ...live.map(fenceOf));
  const number = Math.max(0, ...live.map((object) => Number(object.metadata?.annotations?.[RELEASE]) || 0));
  const resources = live.flatMap((object) => {
    // Jobs ran before it, and do not run again.
    const applied = object.kind === 'Job' ? undefined : extract(object);
    return applied === undefined ? [] : [applied];
  });
  const release = releaseOf(of, serving(of.app, resources), now);
  return { fence, number, ...(release && { release }) };
}

/** Without the Deployments that get no requests. */
function serving(app: string, resources: readonly KubernetesObject[]): KubernetesObject[] {
  const service = resources.find(({ kind, metadata }) => kind === 'Service' && metadata.name === app);
  const { selector = {} } = (service?.spec ?? {}) as { selector?: Record<string, string> };
  const track = selector[TRACK];
  const idle = (resource: KubernetesObject) => {
    const on = trackOf(resource);
    return isWeb(resource) && on !== undefined && (track === undefined ? on === 'canary' : on !== track);
  };
  return resources.filter((resource) => !idle(resource));
}

function trackOf(resource: KubernetesObject): Track | undefined {
  return podLabels(resource)[TRACK] as Track | undefined;
}

/** Of its pods, which decide what a Service sends them: those of a canary's own metadata are the stable one's. */
function podLabels({ spec }: KubernetesObject): Record<string, string> {
  return ((spec ?? {}) as Running).template?.metadata?.labels ?? {};
}

/** Whether it runs what takes the app's requests. */
function isWeb(resource: KubernetesObject): boolean {
  return resource.kind === 'Deployment' && podLabels(resource)[PROCESS] === 'web';
}

const RUNS = ['Deployment', 'StatefulSet', 'DaemonSet'];

interface Running {
  template?: {
    metadata?: { labels?: Record<string, string> };
    spec?: { containers?: { image?: string; ports?: { containerPort?: number }[] }[] };
  };
}

function releaseOf(of: Sighted, resources: KubernetesObject[], now: Date): Release | undefined {
  const { app, environment, namespace, source } = of;
  const runs = resources.filter(({ kind }) => RUNS.includes(kind));
  const main = runs.find(isWeb) ?? runs.find(({ metadata }) => metadata.name === app) ?? runs[0];
  const commit = main?.metadata.annotations?.[COMMIT];
  const containers = ((main?.spec ?? {}) as Running).template?.spec?.containers ?? [];
  const container = containers.find(({ image }) => image?.includes('@sha256:')) ?? containers[0];
  if (main === undefined || commit === undefined || container?.image === undefined) return undefined;
  const port = container.ports?.[0]?.containerPort;
  const color = trackOf(main);
  return {
    number: Number(main.metadata.annotations?.[RELEASE]) || 1,
    app,
    environment,
    namespace,
    commit,
    image: container.image,
    ...(port !== undefined && { port }),
    jobs: [],
    resources: resources.sort(
      (one, other) => Number(RUNS.includes(one.kind)) - Number(RUNS.includes(other.kind)),
    ),
    strategy: color === 'blue' || color === 'green' ? { kind: 'blue-green', color } : { kind: 'rolling' },
    bake: NO_BAKE,
    ...(source && { source }),
    createdAt: now.toISOString(),
  };
}
