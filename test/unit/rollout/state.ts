import { parse } from 'yaml';
import { decideApp } from '../../../lib/app/decide.ts';
import type { Deployment, Event, Pod, ReplicaSet } from '../../../lib/kube/wire.ts';
import { render } from '../../../lib/release/render.ts';
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
  observedGeneration?: number;
  paused?: boolean;
  status?: object;
  /** Conditions of the Deployment: type to its other fields, times as seconds since the start. */
  conditions?: Record<string, { status: string; reason?: string; at?: number }>;
  replicaSet?: object;
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

export function releaseOf(file: string, number = 2): Release {
  const app = decideApp({
    name: 'web',
    file,
    image: { exposedPorts: [8080] },
    defaults: { service: 'NodePort' },
  });
  const environment = { name: 'production', namespace: 'web' };
  const image = `registry.test/web@sha256:${'a'.repeat(64)}`;
  return render({ app, image, environment, commit: 'c'.repeat(40), number, createdAt: new Date(START) });
}

/** The view of a case: what the cluster, claim 7 and the clock say. */
export function viewOf(yaml: string): View {
  const state: State = parse(yaml) ?? {};
  const lines = [
    state.health && `health: ${state.health}`,
    state.memory && `resources: {limits: {memory: ${state.memory}}}`,
  ];
  const release = releaseOf(lines.filter(Boolean).join('\n'));
  return {
    release,
    fence: 7,
    ...(!state.deleted && { deployment: deployment(release, state) }),
    replicaSets: [replicaSet('old', '1', {}), replicaSet('new', '2', state.replicaSet ?? {})],
    pods: (state.pods ?? []).map(pod),
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

function replicaSet(name: string, revision: string, status: object): ReplicaSet {
  return {
    metadata: {
      name: `web-${name}`,
      uid: name,
      annotations: { 'deployment.kubernetes.io/revision': revision },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'deployment' }],
    },
    status: { replicas: 1, readyReplicas: 0, ...status },
  };
}

function pod(
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
    spec: { nodeName: 'node1', containers: [] },
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
