import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Event, Job, LiveObject, Pod, ReplicaSet } from '../../../lib/kube/wire.ts';
import { jobStatus } from '../../../lib/rollout/job-status.ts';
import { status } from '../../../lib/rollout/status.ts';
import type { JobVerdict, Verdict } from '../../../lib/rollout/verdict.ts';
import type { Facts, JobView, View, WorkloadView } from '../../../lib/rollout/view.ts';
import { releaseOf } from './state.ts';

const FOLDER = join(import.meta.dirname, '../../fixtures/rollout/recorded');

/** What a real cluster said once; test/fixtures/rollout/record.ts has made it. */
interface Recording {
  is: string;
  kind: WorkloadView['kind'] | 'Job';
  createdAt: string;
  now: string;
  live: LiveObject[];
  replicaSets?: ReplicaSet[];
  pods: Pod[];
  events: Event[];
  /** By `POD/CONTAINER/RUN`. */
  logs: Record<string, string[]>;
}

export const recordings = readdirSync(FOLDER)
  .map((file) => file.replace('.json', ''))
  .sort();

export function recorded(name: string): Recording {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));
}

function factsOf({ createdAt, now, pods, events, logs }: Recording): Facts {
  return {
    release: { ...releaseOf(), createdAt },
    fence: 7,
    pods,
    events: events.filter(({ type, involvedObject }) => type === 'Warning' || involvedObject?.kind === 'Pod'),
    logs: new Map(Object.entries(logs)),
    now: new Date(now),
  };
}

export function viewOf(recording: Recording): View {
  const { kind, live, replicaSets = [] } = recording;
  const workload = { kind, name: 'web', live: live[0], ...(kind === 'Deployment' && { replicaSets }) };
  return { ...factsOf(recording), workloads: [workload as WorkloadView] };
}

export function jobViewOf(recording: Recording): JobView {
  return { ...factsOf(recording), name: 'web', job: recording.live[0] as Job };
}

/** `image`: what the release's own one is to be; else none of those that were recorded. */
export function verdictOn(recording: Recording, image?: string): Verdict | JobVerdict {
  const view = recording.kind === 'Job' ? jobViewOf(recording) : viewOf(recording);
  const of = { ...view, release: { ...view.release, ...(image !== undefined && { image }) } };
  return 'workloads' in of ? status(of) : jobStatus(of);
}
