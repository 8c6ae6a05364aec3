import type { Condition, ContainerStatus, Pod, PodStatus } from './types.ts';

/** What is known of a pod's containers, in the order of the spec. */
export interface Observed {
  podIP: string | undefined;
  hostIP: string;
  startTime: string;
  initStatuses: ContainerStatus[];
  statuses: ContainerStatus[];
}

/**
 * The status of a pod from what its containers do. Source: kubelet `generateAPIPodStatus`, `getPhase` and
 * `status/generate.go`.
 * @param now RFC 3339
 */
export function podStatus(pod: Pod, observed: Observed, now: string): PodStatus {
  const { initStatuses, statuses, podIP, hostIP, startTime } = observed;
  const phase = phaseOf(pod, initStatuses, statuses);
  return {
    ...pod.status,
    phase,
    conditions: conditionsOf(pod, phase, observed, now),
    hostIP,
    ...(podIP !== undefined && { podIP, podIPs: [{ ip: podIP }] }),
    startTime,
    ...(initStatuses.length > 0 && { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
  };
}

function phaseOf(pod: Pod, initStatuses: ContainerStatus[], statuses: ContainerStatus[]): PodStatus['phase'] {
  const policy = pod.spec.restartPolicy ?? 'Always';
  const pending = initStatuses.find(({ state }) => state.terminated?.exitCode !== 0);
  if (pending) return policy === 'Never' && pending.state.terminated ? 'Failed' : 'Pending';
  // Waiting to be restarted is not waiting to be started.
  const ended = statuses.map(({ state, lastState }) =>
    state.waiting ? lastState.terminated : state.terminated,
  );
  if (statuses.some(({ state }, index) => !state.running && !ended[index])) return 'Pending';
  if (statuses.some(({ state }) => state.running) || policy === 'Always') return 'Running';
  if (ended.every((each) => each?.exitCode === 0)) return 'Succeeded';
  const isOver = policy === 'Never' || statuses.every(({ state }) => state.terminated?.exitCode === 0);
  return isOver ? 'Failed' : 'Running';
}

function conditionsOf(
  pod: Pod,
  phase: PodStatus['phase'],
  { initStatuses, statuses, podIP }: Observed,
  now: string,
): Condition[] {
  const notInitialized = initStatuses.filter(({ state }) => state.terminated?.exitCode !== 0);
  const notReady = statuses.filter(({ ready }) => !ready);
  const completed = phase === 'Succeeded' ? { reason: 'PodCompleted' } : undefined;
  const unready = completed ?? {
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names(notReady)}]`,
  };
  const ready = truth(notReady.length === 0 && phase === 'Running', unready);
  const found: [string, Pick<Condition, 'status' | 'reason' | 'message'>][] = [
    [
      'PodReadyToStartContainers',
      truth(podIP !== undefined && phase !== 'Succeeded' && phase !== 'Failed', {}),
    ],
    [
      'Initialized',
      truth(notInitialized.length === 0, {
        reason: 'ContainersNotInitialized',
        message: `containers with incomplete status: [${names(notInitialized)}]`,
      }),
    ],
    ['Ready', ready],
    ['ContainersReady', ready],
    ['PodScheduled', { status: 'True' }],
  ];
  return found.map(([type, value]) => {
    const before = pod.status?.conditions?.find((each) => each.type === type);
    const since = before?.status === value.status ? before.lastTransitionTime : undefined;
    return { type, ...value, lastProbeTime: null, lastTransitionTime: since ?? now };
  });
}

function truth(holds: boolean, otherwise: { reason?: string; message?: string }) {
  return holds ? { status: 'True' as const } : { status: 'False' as const, ...otherwise };
}

function names(statuses: ContainerStatus[]): string {
  return statuses.map(({ name }) => name).join(' ');
}
