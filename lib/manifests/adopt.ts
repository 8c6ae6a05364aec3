import type { ServiceType } from '../app/types.ts';
import type { LoadBalancerScheme } from '../load-balancer-scheme.ts';
import { COMMIT, identity, PROCESS, RELEASE, TRACK, version } from '../release/labels.ts';
import { withScheme } from '../release/load-balancer.ts';
import { shortName } from '../release/names.ts';
import type { KubernetesObject } from '../release/types.ts';
import { besideOthers } from './beside.ts';
import { EXPOSED } from './compose/service.ts';
import { inOrder, runsBefore, withoutHelm } from './hooks.ts';
import { isOwnImage } from './image.ts';
import { ordered } from './order.ts';
import { unpack } from './pack.ts';
import { containersOf, type PodTemplate, podTemplateOf } from './pods.ts';

/** The release that own objects become part of. */
export interface Adoption {
  app: string;
  environment: { name: string; namespace: string };
  /** `HOST/PATH@sha256:…` */
  image: string;
  /** The processor that the image is for: `arm64`. */
  architecture?: string | undefined;
  /** How the app is reached, where its manifests leave that to the installation. */
  service: ServiceType;
  /** From where it is, if that is a load balancer. */
  loadBalancers: LoadBalancerScheme;
  /** Seconds that a rollout may go on without progress, where a Deployment does not say. */
  patience: number;
  commit: string;
  number: number;
}

/** Own objects, as parts of a release: what lib/release/render.ts takes in place of what it renders. */
export interface Adopted {
  /** In the order in which they are applied. */
  own: KubernetesObject[];
  /** In the order in which they are run. */
  ownJobs: KubernetesObject[];
}

/** What `packed` (lib/manifests/pack.ts) holds, adopted. */
export function ownResources(packed: string, adoption: Adoption): Adopted {
  return adopt(unpack(packed), adoption);
}

/**
 * Makes an app's own objects, as readManifests() gave them, Fairlead's: in the environment's namespace, with the labels
 * that say whose they are, and with the image by its digest. Pure. Selectors stay what they are: a Deployment's cannot
 * be changed, and others' find pods by labels that only their author knows.
 */
export function adopt(objects: readonly KubernetesObject[], adoption: Adoption): Adopted {
  const isOwn = isOwnImage(objects, adoption.app);
  const { environment } = adoption;
  const kept =
    environment.name === 'production'
      ? objects
      : objects.flatMap((object) => besideOthers(object, environment) ?? []);
  const adopted = kept.map((object) => {
    const copy = structuredClone(object);
    copy.metadata = metadataOf(object, adoption);
    const template = podTemplateOf(copy);
    if (template !== undefined) adoptPods(template, copy, adoption, isOwn);
    return finished(copy, adoption);
  });
  return {
    own: ordered(adopted.filter((object) => !runsBefore(object))).map(plain),
    ownJobs: inOrder(adopted.filter(runsBefore)).map((object) => once(plain(object), adoption.number)),
  };
}

/**
 * Jobs stay for a day, for whoever wants to read what they logged, and because one that is gone as soon as it has ended
 * is one of which nobody knows that it has: it would run again.
 */
const KEPT_SECONDS = 86_400;
/** Where a job does not say how long it may take: releases wait for it, the next ones too. */
const DEADLINE_SECONDS = 3600;

interface JobSpec {
  ttlSecondsAfterFinished?: number;
}

/** The Job of one release: its name says which, because another release's cannot be made of it. */
function once(object: KubernetesObject, number: number): KubernetesObject {
  const suffix = `-${number}`;
  const name = shortName(object.metadata.name, 63 - suffix.length) + suffix;
  const said = object.spec as JobSpec | undefined;
  const spec = {
    activeDeadlineSeconds: DEADLINE_SECONDS,
    ...said,
    ttlSecondsAfterFinished: Math.max(KEPT_SECONDS, said?.ttlSecondsAfterFinished ?? 0),
  };
  return { ...object, metadata: { ...object.metadata, name }, spec };
}

function metadataOf({ metadata }: KubernetesObject, { app, environment, commit, number }: Adoption) {
  return {
    ...metadata,
    namespace: environment.namespace,
    labels: { ...metadata.labels, ...identity(app, environment.name), ...version(commit) },
    annotations: { ...metadata.annotations, [RELEASE]: String(number), [COMMIT]: commit },
  };
}

/** Without what is said to Helm, or to what comes before here. */
function plain(object: KubernetesObject): KubernetesObject {
  const { [EXPOSED]: _, ...annotations } = withoutHelm(object.metadata.annotations);
  return { ...object, metadata: { ...object.metadata, annotations } };
}

const ARCHITECTURE = 'kubernetes.io/arch';

/** Labels of a template are added where it has none of that key: the user's selectors may look for theirs. */
function adoptPods(
  template: PodTemplate,
  { kind, metadata }: KubernetesObject,
  { app, environment, image, architecture }: Adoption,
  isOwn: ReturnType<typeof isOwnImage>,
): void {
  const own = containersOf(template).filter(isOwn);
  for (const container of own) container.image = image;
  const process = {
    [PROCESS]: shortName(metadata.name),
    ...(kind === 'Deployment' && { [TRACK]: 'stable' }),
  };
  const labels = { ...identity(app, environment.name), ...process, ...template.metadata?.labels };
  template.metadata = { ...template.metadata, labels };
  const { spec } = template;
  // The image is for one processor only. A pod that says itself where it runs is left alone.
  const isPlaced = spec.nodeName !== undefined || spec.affinity?.nodeAffinity !== undefined;
  if (own.length === 0 || architecture === undefined || isPlaced) return;
  spec.nodeSelector = { [ARCHITECTURE]: architecture, ...spec.nodeSelector };
}

function finished(
  object: KubernetesObject,
  { service, loadBalancers, patience }: Adoption,
): KubernetesObject {
  if (object.kind === 'Deployment')
    return { ...object, spec: { progressDeadlineSeconds: patience, ...(object.spec as object) } };
  const isExposed = object.kind === 'Service' && object.metadata.annotations?.[EXPOSED] !== undefined;
  if (!isExposed) return object;
  const { annotations = {} } = object.metadata;
  const balanced = service === 'LoadBalancer' ? withScheme(annotations, loadBalancers) : annotations;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: balanced },
    spec: { ...(object.spec as object), type: service },
  };
}
