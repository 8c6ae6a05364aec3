import { describe, expect, it } from 'vitest';
import type { DaemonSet, Pod, StatefulSet } from '../../../lib/kube/wire.ts';
import { status } from '../../../lib/rollout/status.ts';
import type { View, WorkloadView } from '../../../lib/rollout/view.ts';
import { isComplete } from '../../../lib/rollout/workload.ts';
import { time, viewOf } from './state.ts';

const metadata = {
  name: 'db',
  uid: 'set',
  generation: 2,
  creationTimestamp: time(0),
  annotations: { 'fairlead.dev/fence': '7', 'fairlead.dev/release': '2' },
} as unknown as NonNullable<StatefulSet['metadata']>;

const statefulSet = (state: object, spec: object = {}): WorkloadView => ({
  kind: 'StatefulSet',
  name: 'db',
  live: {
    metadata,
    spec: { replicas: 2, ...spec },
    status: { observedGeneration: 2, ...state },
  } as StatefulSet,
});

const daemonSet = (state: object, spec: object = {}): WorkloadView => ({
  kind: 'DaemonSet',
  name: 'db',
  live: { metadata, spec, status: { observedGeneration: 2, ...state } } as DaemonSet,
});

const ALL = { replicas: 2, readyReplicas: 2, updatedReplicas: 2, currentRevision: 'b', updateRevision: 'b' };

describe('as kubectl rollout status has it', () => {
  it.each<[string, WorkloadView, boolean]>([
    ['a StatefulSet whose pods are all new and ready', statefulSet(ALL), true],
    ['one whose change has not been seen', statefulSet({ ...ALL, observedGeneration: 1 }), false],
    ['one that has a pod to go', statefulSet({ ...ALL, updatedReplicas: 1, currentRevision: 'a' }), false],
    ['one with a pod that is not ready', statefulSet({ ...ALL, readyReplicas: 1 }), false],
    ['one with a pod too many', statefulSet({ ...ALL, replicas: 3 }), false],
    [
      'one that is to keep old pods below a partition',
      statefulSet(
        { ...ALL, updatedReplicas: 1, currentRevision: 'a' },
        { updateStrategy: { rollingUpdate: { partition: 1 } } },
      ),
      true,
    ],
    [
      'one whose pods are replaced by hand',
      statefulSet(
        { ...ALL, updatedReplicas: 0, currentRevision: 'a' },
        { updateStrategy: { type: 'OnDelete' } },
      ),
      true,
    ],
    ['one that is to have none', statefulSet({ replicas: 0 }, { replicas: 0 }), true],
    [
      'a DaemonSet with a new pod on every node',
      daemonSet({ desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 }),
      true,
    ],
    [
      'one with an old pod',
      daemonSet({ desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2 }),
      false,
    ],
    [
      'one with a pod that does not serve',
      daemonSet({ desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }),
      false,
    ],
    ['one that no node is for', daemonSet({ desiredNumberScheduled: 0 }), true],
    ['one that nobody has seen', daemonSet({ observedGeneration: 0 }), false],
  ])('%s', (_, workload, complete) => expect(isComplete(workload)).toBe(complete));
});

function viewWith(yaml: string, ...workloads: WorkloadView[]): View {
  const view = viewOf(yaml);
  return { ...view, workloads: [...view.workloads, ...workloads] };
}

const LIVE = 'status: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 }';
const HALF = { ...ALL, updatedReplicas: 1, currentRevision: 'a' };

describe('of several workloads', () => {
  it('is live when all of them are', () => {
    expect(status(viewWith(LIVE, statefulSet(ALL)))).toEqual({ state: 'live' });
    expect(status({ ...viewWith(LIVE), workloads: [] })).toEqual({ state: 'live' });
  });

  it('goes on as long as one of them does, and counts the pods of all', () => {
    expect(status(viewWith(LIVE, statefulSet(HALF)))).toEqual({ state: 'progressing', ready: 2, wanted: 4 });
  });

  it('fails as soon as one of them cannot be', () => {
    const crashed = {
      metadata: {
        name: 'db-1',
        namespace: 'web',
        uid: 'db-1',
        labels: { 'controller-revision-hash': 'b' },
        creationTimestamp: time(0),
        ownerReferences: [{ uid: 'set' }],
      },
      spec: { containers: [] },
      status: {
        containerStatuses: [
          {
            name: 'db',
            restartCount: 2,
            ready: false,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 3 } },
          },
        ],
      },
    } as unknown as Pod;
    const view = viewWith(LIVE, statefulSet(HALF));
    expect(status({ ...view, pods: [...view.pods, crashed] })).toMatchObject({
      state: 'failed',
      reason: 'container db exits with code 3 right after its start',
      evidence: { pod: 'db-1', container: 'db' },
    });
  });

  it('waits for what another may tell before it gives up on one', () => {
    const young = statefulSet({ ...HALF, observedGeneration: 1 });
    const { live } = young;
    if (live) live.metadata = { ...live.metadata, creationTimestamp: time(30) };
    const paused = (after: number) =>
      `paused: true\nafter: ${after}\nconditions: { Progressing: { status: "False", reason: ProgressDeadlineExceeded, at: 60 } }`;
    expect(status(viewWith(paused(60), young)).state).toBe('progressing');
    expect(status(viewWith(paused(90), young)).state).toBe('unknown');
  });

  it('names the one that is gone', () => {
    expect(status(viewWith(LIVE, { kind: 'StatefulSet', name: 'db' }))).toMatchObject({
      state: 'failed',
      reason: 'StatefulSet web/db was deleted during the rollout',
    });
  });
});
