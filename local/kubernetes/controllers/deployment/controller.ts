import { sameJson } from '../../object.ts';
import type { Store } from '../../store.ts';
import { claimAll } from '../claim.ts';
import { isSelected } from '../labels.ts';
import { controllerOf, controllerReference } from '../owners.ts';
import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../types.ts';
import { withCondition } from './conditions.ts';
import { type Owned, planDeployment, sortOut } from './plan.ts';
import { isComplete, remainingMs } from './progress.ts';
import { annotationsOf, planCleanup, revisionAnnotation, sizeAnnotations } from './revisions.ts';
import type { Scaling } from './rolling.ts';
import { deploymentStatus } from './status.ts';
import { wanted } from './strategy.ts';
import { hashLabel, templateHash } from './template.ts';

const component = 'deployment-controller';

/**
 * Takes the next step for a Deployment and writes its status.
 * @returns when to look again, in milliseconds, if nothing changes before
 */
export function reconcileDeployment(store: Store, namespace: string, name: string): number | undefined {
  const deployment = store.get<Deployment>('Deployment', namespace, name);
  if (!deployment) return undefined;
  const now = new Date();
  const candidates = store.list<ReplicaSet>('ReplicaSet', { namespace }).items;
  const replicaSets = claimAll(store, deployment, candidates, ({ metadata }) =>
    isSelected(metadata.labels, deployment.spec.selector),
  );
  let owned = sortOut(deployment, replicaSets);
  const plan = planDeployment(deployment, owned, podsOf(store, owned.old));
  if (plan.do === 'create')
    owned = { ...owned, current: create(store, deployment, owned, plan.replicas, now) };
  else if (owned.current && !deployment.spec.paused)
    owned = { ...owned, current: annotate(store, deployment, owned) };
  if (plan.do === 'scale') for (const scaling of plan.scalings) scale(store, deployment, scaling);
  const latest = setRevision(store, deployment, owned.current);
  const status = deploymentStatus(latest, reread(store, owned), now);
  write(store, latest, status);
  if (isComplete(latest, status))
    for (const { metadata } of planCleanup(latest, owned.old))
      store.delete('ReplicaSet', namespace, metadata.name);
  return remainingMs(latest, status, now);
}

function podsOf(store: Store, replicaSets: readonly ReplicaSet[]): Pod[] {
  const owners = new Set(replicaSets.map(({ metadata }) => metadata.uid));
  const namespace = replicaSets[0]?.metadata.namespace;
  if (namespace === undefined) return [];
  return store
    .list<Pod>('Pod', { namespace })
    .items.filter((pod) => owners.has(controllerOf(pod)?.uid ?? ''));
}

function create(store: Store, deployment: Deployment, owned: Owned, replicas: number, now: Date): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const { name, namespace } = deployment.metadata;
  const hash = { [hashLabel]: templateHash(template) };
  const labels = { ...template.metadata?.labels, ...hash };
  const made = store.create<ReplicaSet>({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash[hashLabel]}`,
      ...(namespace !== undefined && { namespace }),
      labels,
      annotations: annotationsOf(deployment, undefined, owned.old),
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, ...hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
      ...(minReadySeconds !== undefined && { minReadySeconds }),
    },
  });
  const message = `Created new replica set "${made.metadata.name}"`;
  const condition = { type: 'Progressing', status: 'True' as const, reason: 'NewReplicaSetCreated', message };
  store.patchStatus<Deployment>('Deployment', namespace, name, (draft) => {
    draft.status ??= {};
    withCondition(draft.status, now, condition, 'touch');
  });
  if (replicas > 0) tellScaling(store, deployment, made.metadata.name, 0, replicas);
  return made;
}

function annotate(store: Store, deployment: Deployment, { current, old }: Owned): ReplicaSet | undefined {
  if (!current) return undefined;
  const annotations = annotationsOf(deployment, current, old);
  const { minReadySeconds } = deployment.spec;
  const spec = minReadySeconds === undefined ? current.spec : { ...current.spec, minReadySeconds };
  return store.update<ReplicaSet>({ ...current, metadata: { ...current.metadata, annotations }, spec });
}

function scale(store: Store, deployment: Deployment, { replicaSet, replicas }: Scaling): void {
  const { namespace, name } = replicaSet.metadata;
  const latest = store.get<ReplicaSet>('ReplicaSet', namespace, name);
  if (!latest) return;
  const annotations = { ...latest.metadata.annotations, ...sizeAnnotations(deployment) };
  store.update<ReplicaSet>({
    ...latest,
    metadata: { ...latest.metadata, annotations },
    spec: { ...latest.spec, replicas },
  });
  if (wanted(latest) !== replicas) tellScaling(store, deployment, name, wanted(latest), replicas);
}

function tellScaling(store: Store, deployment: Deployment, name: string, from: number, to: number): void {
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`;
  store.recordEvent(deployment, 'Normal', 'ScalingReplicaSet', message, component);
}

/** The Deployment wears its current ReplicaSet's revision; what is returned is the newest state of it. */
function setRevision(store: Store, deployment: Deployment, current: ReplicaSet | undefined): Deployment {
  const { namespace, name } = deployment.metadata;
  const latest = store.get<Deployment>('Deployment', namespace, name) ?? deployment;
  const revision = current?.metadata.annotations?.[revisionAnnotation];
  if (revision === undefined || latest.metadata.annotations?.[revisionAnnotation] === revision) return latest;
  // With the status, as Kubernetes does it: what a person asked for has not changed, so no new generation.
  const patched = store.patchStatus<Deployment>('Deployment', namespace, name, ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, [revisionAnnotation]: revision };
  });
  return patched ?? latest;
}

function reread(store: Store, { current, old }: Owned): Owned {
  const newest = (each: ReplicaSet) =>
    store.get<ReplicaSet>('ReplicaSet', each.metadata.namespace, each.metadata.name) ?? each;
  return { current: current && newest(current), old: old.map(newest) };
}

function write(store: Store, deployment: Deployment, status: DeploymentStatus): void {
  if (sameJson(status, deployment.status)) return;
  const { namespace, name } = deployment.metadata;
  store.patchStatus<Deployment>('Deployment', namespace, name, (draft) => {
    draft.status = status;
  });
}
