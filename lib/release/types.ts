import type { Bake, CanaryStep } from '../app/types.ts';

export type { Bake, CanaryStep, HttpCheck, Traffic } from '../app/types.ts';

/** Any object of the Kubernetes API, as JSON. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

/**
 * The immutable choice of an image and a rendered set of resources for an environment. It goes through the ledger
 * and through function payloads as JSON. The fence is not part of it: the claim that carries a release out has one.
 */
export interface Release {
  /** Counts up for each app and environment, from 1. */
  number: number;
  app: string;
  /** `production`, `preview-<branch>` */
  environment: string;
  namespace: string;
  /** The commit's full object id. */
  commit: string;
  /** `host/path@sha256:…` */
  image: string;
  /** The TCP port that requests go to; absent for an app that takes none. */
  port?: number;
  /**
   * batch/v1 Jobs that run one after another, each to its end, before anything that serves is changed (migrations).
   * What they need of `resources` (ConfigMap, Secret, ServiceAccount) is applied before them.
   */
  jobs: KubernetesObject[];
  /** In the order in which they are applied. */
  resources: KubernetesObject[];
  strategy: Strategy;
  /** What takes requests as the release begins; absent where nothing does, or where it need not be known. */
  from?: Origin;
  bake: Bake;
  /** The number of the release whose content this one brings back. */
  brings?: number;
  /** Where its branch is: the cluster keeps it, for the day on which the ledger is lost. */
  source?: Source;
  /** ISO 8601; a rollout's patience counts from here. */
  createdAt: string;
}

/** Which branch, or pull request, of which repository. */
export interface Source {
  host: string;
  owner: string;
  repository: string;
  branch: string;
  pullRequest?: number;
  /** Of a fork's pull request, whose commit a person has let in. */
  fork?: { approvedBy: string };
}

/** How new pods come to take requests, by plain Deployments and Services. */
export type Strategy =
  /** New pods take the place of old ones, one after another. */
  | { kind: 'rolling' }
  /** A second Deployment beside the one that serves; the Service goes over to it at once. `color` is this release's. */
  | { kind: 'blue-green'; color: 'blue' | 'green' }
  /** A few pods of the new release beside the old ones, more with each step, then all. */
  | { kind: 'canary'; steps: readonly CanaryStep[] };

/** Which of an app's Deployments a pod belongs to: the value of its label `fairlead.dev/track`. */
export type Track = 'stable' | 'canary' | 'blue' | 'green';

/** What takes an app's requests before a release does. */
export type Origin =
  /** `replicas` is what the release that made it says; there may be more of them, by an autoscaler or a person. */
  | { track: Exclude<Track, 'canary'>; deployment: string; replicas: number }
  /** Something that Fairlead did not render: the user's own manifests. */
  | { track: 'other' };

/** One part of bringing a release out: it is applied, its workloads become ready, then it is watched. */
export interface Phase {
  /** For people: `10 % of the pods`, `switch to green`. */
  name: string;
  /** In the order in which they are applied. */
  resources: KubernetesObject[];
  /** What has to be ready before the phase is done. */
  workloads: readonly Workload[];
  /** Seconds that it is watched after that; 0 is not at all. */
  bakeSeconds: number;
  /** After it, what the release does not contain is taken away. */
  prune: boolean;
  /** See lib/release/counts.ts, which says what to apply. Absent where every Deployment has what it says. */
  counts?: readonly Count[];
}

/**
 * How many pods a Deployment is given when it says too few: an autoscaler or a person may have given more to what it
 * stands beside or takes over from, and a release does not know that.
 */
export interface Count {
  deployment: string;
  /** The Deployment whose number of pods decides, its `spec.replicas` as the phase is applied. */
  by: string;
  /** What that number is multiplied by; the result is rounded up. */
  times: number;
  /** An autoscaler's `maxReplicas`. */
  atMost?: number;
}

/** Something that runs pods. */
export interface Workload {
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  name: string;
}
