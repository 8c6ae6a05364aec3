import { parse } from 'yaml';
import type { Deployment, Event, Pod, ReplicaSet } from '../../../lib/kube/wire.ts';
import type { Release } from '../../../lib/release/types.ts';
import type { View } from '../../../lib/rollout/view.ts';

const START = Date.parse('2026-11-01T10:00:00Z');

/** What a case says in YAML; all else is as it is in the middle of an ordinary rollout of two pods. */
interface State {
  /** Seconds since the release was made. */
  after?: number;
  health?: string;
  memory?: string;
  /** Instead of all that is below. */
  deleted?: boolean;
  fence?: number;
  release?: number;
  generation?: number;
  /** When Fairlead wrote the Deployment last, where that is on record. */
  written?: number;
  observedGeneration?: number;
  paused?: boolean;
  status?: object;
  /** Conditions of the Deployment: type to its other fields, times as seconds since the start. */
  conditions?: Record<string, { status: string; reason?: string; at?: number }>;
  /** Status of the one of the present template; `generation` is that of its metadata. */
  replicaSet?: { generation?: number; [field: string]: unknown };
  /** Of the present template, named a, b, …: their status; `container` is the status of the one container. */
  pods?: { container?: object; created?: number; deleting?: boolean; [field: string]: unknown }[];
  /** About pod a, where nothing else is said. */
  events?: { reason: string; message: string; about?: string; at?: number; type?: string; count?: number }[];
  /** `POD/RUN` to its lines. */
  logs?: Record<string, string>;
}

export function time(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString().replace('.000', '');
}

/** An ordinary release of two pods, as far as verdicts read it. */
export function releaseOf({ health, memory }: Pick<State, 'health' | 'memory'> = {}, number = 2): Release {
  const labels = { 'app.kubernetes.io/name': 'web' };
  const probe =
    health === undefined ? { tcpSocket: { port: 'http' } } : { httpGet: { path: health, port: 'http' } };
  const container = {
    name: 'web',
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: probe,
    ...(memory !== undefined && { resources: { limits: { memory } } }),
  };
  const spec = {
    replicas: 2,
    progressDeadlineSeconds: 60,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [container] } },
  };
  return {
    number,
    app: 'web',
    environment: 'production',
    namespace: 'web',
    commit: 'c'.repeat(40),
    image: `registry.test/web@sha256:${'a'.repeat(64)}`,
    port: 8080,
    jobs: [],
    resources: [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace: 'web', labels },
        spec,
      },
    ],
    strategy: { kind: 'rolling' },
    bake: { seconds: 0, alarms: [], checks: [], restarts: 0, unknown: 'keep', watchFor: 0 },
    createdAt: new Date(START).toISOString(),
  };
}

/** The view of a case: what the cluster, claim 7 and the clock say. */
export function viewOf(yaml: string): View {
  const state: State = parse(yaml) ?? {};
  const release = releaseOf(state);
  return {
    release,
    fence: 7,
    workloads: [
      {
        kind: 'Deployment',
        name: 'web',
        ...(!state.deleted && { live: deployment(release, state) }),
        replicaSets: [replicaSet('old', '1', {}), replicaSet('new', '2', state.replicaSet ?? {})],
      },
    ],
    pods: (state.pods ?? []).map((one, index) => pod(release, one, index)),
    events: (state.events ?? []).map(event),
    logs: new Map(
      Object.entries(state.logs ?? {}).map(([key, text]) => [logOf(key), text.trim().split('\n')]),
    ),
    now: new Date(START + (state.after ?? 1) * 1000),
  };
}

function logOf(key: string): string {
  const [name, run] = key.split('/');
  return `web-${name}/web/${run}`;
}

function podSpecOf(release: Release): NonNullable<Pod['spec']> {
  const rendered = release.resources.find(({ kind }) => kind === 'Deployment') as unknown as Deployment;
  return rendered.spec?.template.spec as NonNullable<Pod['spec']>;
}

function deployment(release: Release, state: State): Deployment {
  const rendered = release.resources.find(({ kind }) => kind === 'Deployment') as unknown as Deployment;
  const conditions = state.conditions ?? {
    Progressing: { status: 'True', reason: 'ReplicaSetUpdated', at: 0 },
  };
  return {
    metadata: {
      ...rendered.metadata,
      uid: 'deployment',
      generation: state.generation ?? 2,
      ...(state.written !== undefined && {
        managedFields: [{ manager: 'fairlead', operation: 'Apply', time: time(state.written) }],
      }),
      annotations: {
        'deployment.kubernetes.io/revision': '2',
        'fairlead.dev/fence': String(state.fence ?? 7),
        'fairlead.dev/release': String(state.release ?? 2),
      },
    },
    spec: { ...rendered.spec, paused: state.paused } as Deployment['spec'],
    status: {
      observedGeneration: state.observedGeneration ?? 2,
      ...(state.status ?? { replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2 }),
      conditions: Object.entries(conditions).map(([type, { status, reason, at = 0 }]) => ({
        type,
        status,
        reason,
        lastUpdateTime: time(at),
      })),
    },
  };
}

function replicaSet(
  name: string,
  revision: string,
  { generation, ...status }: NonNullable<State['replicaSet']>,
): ReplicaSet {
  return {
    metadata: {
      name: `web-${name}`,
      uid: name,
      ...(generation !== undefined && { generation }),
      annotations: { 'deployment.kubernetes.io/revision': revision },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'deployment' }],
    },
    status: { replicas: 1, readyReplicas: 0, ...status },
  };
}

function pod(
  release: Release,
  { container, created = 0, deleting, ...status }: NonNullable<State['pods']>[number],
  index: number,
): Pod {
  const name = 'abcdef'[index] ?? '';
  return {
    metadata: {
      name: `web-${name}`,
      namespace: 'web',
      uid: name,
      creationTimestamp: time(created),
      ...(deleting && { deletionTimestamp: time(created) }),
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-new', uid: 'new' }],
    },
    spec: { ...podSpecOf(release), nodeName: 'node1' },
    status: {
      phase: 'Pending',
      ...(container !== undefined && {
        containerStatuses: [
          {
            name: 'web',
            image: 'registry.test/web',
            imageID: '',
            ready: false,
            restartCount: 0,
            ...container,
          },
        ],
      }),
      ...status,
    },
  };
}

function event({
  reason,
  message,
  about = 'a',
  at = 0,
  type = 'Warning',
  count,
}: NonNullable<State['events']>[number]): Event {
  return {
    metadata: {},
    type,
    reason,
    message,
    count,
    lastTimestamp: time(at),
    involvedObject: { kind: 'Pod', name: `web-${about}`, uid: about },
  };
}
