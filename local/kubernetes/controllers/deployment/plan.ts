import type { Deployment, Pod, ReplicaSet } from '../types.ts';
import { isResized, planResize } from './proportional.ts';
import { newReplicas, planRolling, type Scaling } from './rolling.ts';
import { wanted } from './strategy.ts';
import { sameTemplate } from './template.ts';

/** The next thing to do for a Deployment; it is asked again after every change. */
export type DeploymentPlan =
  | { do: 'create'; replicas: number }
  | { do: 'scale'; scalings: Scaling[] }
  | { do: 'nothing' };

/** A Deployment's ReplicaSets: that of the current template, if it has been made, and the others, oldest first. */
export interface Owned {
  current: ReplicaSet | undefined;
  old: ReplicaSet[];
}

/** Tells the ReplicaSet of the Deployment's template from the others. */
export function sortOut(deployment: Deployment, replicaSets: readonly ReplicaSet[]): Owned {
  const byAge = [...replicaSets].sort(
    (a, b) => order(a) - order(b) || (a.metadata.name < b.metadata.name ? -1 : 1),
  );
  const current = byAge.find(({ spec }) => sameTemplate(spec.template, deployment.spec.template));
  return { current, old: byAge.filter((each) => each !== current) };
}

/**
 * Decides the next step towards the Deployment's spec.
 * @param pods of the old ReplicaSets: Recreate waits for them
 */
export function planDeployment(
  deployment: Deployment,
  { current, old }: Owned,
  pods: readonly Pod[],
): DeploymentPlan {
  if (deployment.metadata.deletionTimestamp) return { do: 'nothing' };
  const all = current ? [...old, current] : old;
  if (deployment.spec.paused || isResized(deployment, all))
    return scale(planResize(deployment, current, old));
  if (deployment.spec.strategy?.type === 'Recreate') return planRecreate(deployment, { current, old }, pods);
  if (!current) return { do: 'create', replicas: newReplicas(deployment, undefined, old) };
  return scale(planRolling(deployment, current, old));
}

/** All old pods end before the first new one starts. Source: Kubernetes `deployment/recreate.go`. */
function planRecreate(deployment: Deployment, { current, old }: Owned, pods: readonly Pod[]): DeploymentPlan {
  const active = old.filter((each) => wanted(each) > 0);
  if (active.length > 0) return scale(active.map((replicaSet) => ({ replicaSet, replicas: 0 })));
  const isRunning = ({ status }: Pod) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
  if (pods.some(isRunning)) return { do: 'nothing' };
  const replicas = wanted(deployment);
  if (!current) return { do: 'create', replicas };
  return wanted(current) === replicas ? { do: 'nothing' } : scale([{ replicaSet: current, replicas }]);
}

function scale(scalings: Scaling[]): DeploymentPlan {
  return scalings.length === 0 ? { do: 'nothing' } : { do: 'scale', scalings };
}

function order({ metadata }: ReplicaSet): number {
  return Date.parse(metadata.creationTimestamp);
}
