import { trackName } from './names.ts';
import { type Serving, servingOf } from './serving.ts';
import { onTrack, sendingTo } from './tracks.ts';
import type { CanaryStep, Count, KubernetesObject, Origin, Phase, Release, Workload } from './types.ts';

/** Kinds that new pods refer to as they start, and that old pods do not mind: they come with the first phase. */
const GROUNDS = [
  'Namespace',
  'RoleBinding',
  'ResourceQuota',
  'LimitRange',
  'NetworkPolicy',
  'ServiceAccount',
  'ConfigMap',
  'Secret',
];

/** Kinds of the user's own manifests that say where requests and pods go: not before there are new pods. */
const GUIDES = ['Service', 'Ingress', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'CronJob'];

/**
 * What a release is brought out in, one part after another. Pure: the same release has the same phases. At no time
 * has the app's Service fewer ready pods behind it than before or after, whichever is less; so strategies may change
 * from release to release.
 *
 * - What takes over under the same selector (rolling) needs one phase, and so does a first release, whatever its strategy.
 * - Another Deployment (another color, or `APP` after a color) is made ready beside the one that serves, then the Service
 *   goes over to it. While that is watched the old pods still run: they are pruned after it.
 * - The canary's Deployment stands beside the one that serves, the Service finding the pods of both; at last the new
 *   template goes where the Service will look for it alone.
 */
export function phasesOf(release: Release): Phase[] {
  const { from, strategy } = release;
  const last = wholeOf(release);
  if (from === undefined) return [last];
  const serving = servingOf(release);
  if (serving === undefined || from.track === 'other') return [preparation(release, serving), last];
  const steps =
    strategy.kind === 'canary'
      ? strategy.steps.map((step, index) => canary(release, serving, from, step, index === 0))
      : [];
  if (serving.track === from.track) return [...steps, last];
  return [...steps, beside(release, serving, from, steps.length > 0), switched(release, last)];
}

/** All of a release at once: its last phase, and how the last good release is brought back, whatever its strategy. */
export function wholeOf(release: Release): Phase {
  const { resources, bake } = release;
  const counts = resources.flatMap(autoscaled);
  return {
    name: 'all',
    resources,
    workloads: workloadsOf(resources),
    bakeSeconds: bake.seconds,
    prune: true,
    ...(counts.length > 0 && { counts }),
  };
}

/** What runs pods among `resources`. */
export function workloadsOf(resources: readonly KubernetesObject[]): Workload[] {
  return resources.flatMap(({ kind, metadata: { name } }) => (isWorkload(kind) ? [{ kind, name }] : []));
}

function isWorkload(kind: string): kind is Workload['kind'] {
  return kind === 'Deployment' || kind === 'StatefulSet' || kind === 'DaemonSet';
}

interface Autoscaler {
  scaleTargetRef: { kind: string; name: string };
  maxReplicas: number;
}

/** What an autoscaler has set stays, instead of falling back to the least that the release says. */
function autoscaled({ kind, spec }: KubernetesObject): Count[] {
  if (kind !== 'HorizontalPodAutoscaler') return [];
  const { scaleTargetRef, maxReplicas } = spec as unknown as Autoscaler;
  if (scaleTargetRef.kind !== 'Deployment') return [];
  const { name } = scaleTargetRef;
  return [{ deployment: name, by: name, times: 1, atMost: maxReplicas }];
}

/** The new pods beside something that Fairlead knows too little of to share requests with. */
function preparation({ resources }: Release, serving: Serving | undefined): Phase {
  const isNeeded = (resource: KubernetesObject) =>
    serving === undefined
      ? !GUIDES.includes(resource.kind)
      : GROUNDS.includes(resource.kind) || resource === serving.deployment;
  return unwatched('new pods beside the old ones', resources.filter(isNeeded));
}

type Known = Exclude<Origin, { track: 'other' }>;

/** The new Deployment beside the one that serves; the Service goes on to find the old pods, and the canary if there is one. */
function beside(release: Release, { service, deployment }: Serving, from: Known, after: boolean): Phase {
  const { name } = deployment.metadata;
  const resources = [
    ...release.resources.filter(({ kind }) => GROUNDS.includes(kind)),
    sendingTo(service, after ? undefined : from.track),
    deployment,
  ];
  return {
    ...unwatched(`${name} beside ${from.deployment}`, resources),
    counts: [{ deployment: name, by: from.deployment, times: 1 }],
  };
}

function switched({ strategy }: Release, last: Phase): Phase {
  return strategy.kind === 'blue-green' ? { ...last, name: `switch to ${strategy.color}` } : last;
}

function canary(
  release: Release,
  { service, deployment }: Serving,
  from: Known,
  { percent, seconds }: CanaryStep,
  isFirst: boolean,
): Phase {
  const times = percent / (100 - percent);
  const name = trackName(release.app, 'canary');
  const few = onTrack(deployment, name, 'canary', Math.ceil(from.replicas * times - 1e-9));
  const grounds = isFirst ? release.resources.filter(({ kind }) => GROUNDS.includes(kind)) : [];
  return {
    ...unwatched(`canary of ${percent} %`, [...grounds, sendingTo(service), few]),
    bakeSeconds: seconds,
    counts: [{ deployment: name, by: from.deployment, times }],
  };
}

function unwatched(name: string, resources: KubernetesObject[]): Phase {
  return { name, resources, workloads: workloadsOf(resources), bakeSeconds: 0, prune: false };
}
