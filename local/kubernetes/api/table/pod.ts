import type { KubernetesObject } from '../../object.ts';
import { structs } from '../strategy/json.ts';
import { age } from './age.ts';
import { type Column, parts } from './column.ts';

interface ContainerStatus {
  ready?: boolean;
  restartCount?: number;
  state?: ContainerState;
  lastState?: ContainerState;
}

interface ContainerState {
  waiting?: { reason?: string };
  running?: { startedAt?: string };
  terminated?: { reason?: string; exitCode?: number; signal?: number; finishedAt?: string };
}

/** Source: kubernetes `printers.go`, `printPod`. */
export const podColumns: Column[] = [
  {
    name: 'Ready',
    value: (pod) =>
      `${statuses(pod).filter(({ ready }) => ready).length}/${structs(parts(pod).spec, 'containers').length}`,
  },
  { name: 'Status', value: podStatus },
  { name: 'Restarts', value: restarts },
  { name: 'Age', value: ({ metadata }) => age(metadata.creationTimestamp) },
  { name: 'IP', wide: true, value: (pod) => parts(pod).status.podIP ?? '<none>' },
  { name: 'Node', wide: true, value: (pod) => parts(pod).spec.nodeName ?? '<none>' },
  { name: 'Nominated Node', wide: true, value: (pod) => parts(pod).status.nominatedNodeName ?? '<none>' },
  { name: 'Readiness Gates', wide: true, value: () => '<none>' },
];

function statuses(pod: KubernetesObject): ContainerStatus[] {
  return structs(parts(pod).status, 'containerStatuses') as ContainerStatus[];
}

function podStatus(pod: KubernetesObject): string {
  const { status } = parts(pod);
  const reason = initReason(pod) ?? containerReason(pod) ?? String(status.reason ?? status.phase ?? '');
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (status.reason === 'NodeLost') return 'Unknown';
  return status.phase === 'Succeeded' || status.phase === 'Failed' ? reason : 'Terminating';
}

/** Why an init container keeps the pod from starting. */
function initReason(pod: KubernetesObject): string | undefined {
  const all = structs(parts(pod).status, 'initContainerStatuses') as ContainerStatus[];
  const index = all.findIndex(({ state }) => state?.terminated?.exitCode !== 0);
  const state = all[index]?.state;
  if (!state) return undefined;
  if (state.terminated) return `Init:${terminatedReason(state.terminated)}`;
  const waiting = state.waiting?.reason;
  if (waiting && waiting !== 'PodInitializing') return `Init:${waiting}`;
  return `Init:${index}/${structs(parts(pod).spec, 'initContainers').length}`;
}

/** The reason of the first container that has one. */
function containerReason(pod: KubernetesObject): string | undefined {
  const all = statuses(pod);
  const first = all.map(({ state }) => reasonOf(state)).find((reason) => reason !== undefined);
  const isRunning = all.some(({ ready, state }) => ready && state?.running);
  if (first === 'Completed' && isRunning)
    return parts(pod).status.phase === 'Running' ? 'Running' : 'NotReady';
  return first;
}

function reasonOf(state: ContainerState | undefined): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason;
  return state?.terminated && terminatedReason(state.terminated);
}

function terminatedReason({ reason, signal, exitCode }: NonNullable<ContainerState['terminated']>): string {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

function restarts(pod: KubernetesObject): string {
  const all = statuses(pod);
  const total = all.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  const ends = all
    .map(({ lastState }) => lastState?.terminated?.finishedAt)
    .filter((time) => time !== undefined);
  const last = ends.toSorted().at(-1);
  return total > 0 && last !== undefined ? `${total} (${age(last)} ago)` : String(total);
}
