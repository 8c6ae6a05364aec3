import type { LoadBalancerScheme } from '../load-balancer-scheme.ts';

/** How a Service is reached (Kubernetes, ServiceSpec `type`). */
export type ServiceType = 'ClusterIP' | 'NodePort' | 'LoadBalancer';

/** Which question tells the cluster how a container is. */
export type Probe =
  | { by: 'none' }
  /** Something listens on the port. */
  | { by: 'tcp' }
  /** A GET on the port answers 200 to 399. */
  | { by: 'http'; path: string }
  /** A program in the container ends with 0. */
  | { by: 'command'; command: string[] };

/** Amounts of one resource list, in Kubernetes' notation (`250m`, `64Mi`). */
export interface Amounts {
  cpu?: string;
  memory?: string;
}

/** What runs in a container of the app's image. */
export interface Program {
  /** Replaces the image's ENTRYPOINT. */
  command?: string[];
  /** Replaces the image's CMD. */
  args?: string[];
  /** Variables, those of all processes among them. */
  env: Record<string, string>;
  resources: { requests: Amounts; limits: Amounts };
}

/** A number of pods by their load; percents are of what pods request, on average. */
export interface Scale {
  min: number;
  max: number;
  cpu?: number;
  memory?: number;
}

/** What of the app runs all the time: pods that are all alike. */
export interface Process extends Program {
  /** `web`, `worker` */
  name: string;
  /** The TCP port that the program listens on, and is told as `PORT`; absent for one that takes no requests. */
  port?: number;
  /** Of a process that is scaled, the least. */
  replicas: number;
  scale?: Scale;
  /** Whether a pod can take requests. */
  health: Probe;
  /** Whether a container need not be restarted. */
  liveness: Probe;
  service: {
    type: ServiceType;
    port: number;
    class?: string;
    /** What the installation says of load balancers; for one only, and left to the cluster when absent. */
    scheme?: LoadBalancerScheme;
    annotations: Record<string, string>;
  };
  /** Seconds that a container is given between SIGTERM and SIGKILL. */
  terminationGracePeriod: number;
  /** Linux capabilities that the container keeps, without `CAP_`. */
  capabilities: string[];
}

/** What of the app runs to its end. */
export interface Task extends Program {
  name: string;
  /** Seconds. */
  timeout: number;
  /** Further starts after a failure. */
  retries: number;
}

export interface CronTask extends Task {
  schedule: string;
  timeZone?: string;
  concurrency: 'Allow' | 'Forbid' | 'Replace';
  suspend: boolean;
}

/** Where the value of a secret variable is. */
export type SecretReference =
  /** `key` of the JSON object that the secret is; all of its text when absent. */
  { in: 'secrets-manager'; id: string; key?: string } | { in: 'kubernetes'; name: string; key: string };

export interface Ingress {
  /** Any when absent. */
  host?: string;
  path: string;
  class?: string;
  /** The Secret that holds the certificate. */
  tls?: string;
  annotations: Record<string, string>;
}

/**
 * How far containers are locked in: by everything that the Pod Security Standard `restricted` asks for (with a `runAs` of
 * `image` all but that it is not root), or by nothing beyond what the image and the cluster say.
 */
export interface Security {
  standard: 'restricted' | 'as-is';
  /** `non-root`: the image's user, which is a number other than 0. `image`: its user, whoever that is. Or another one. */
  runAs: 'non-root' | 'image' | number;
}

/** How new pods come to take requests. */
export type StrategyChoice =
  | { kind: 'rolling' | 'blue-green' }
  | { kind: 'canary'; steps: readonly CanaryStep[] };

export interface CanaryStep {
  /** Of the pods that take requests, 1 to 80: 80 are four times as many as the old ones, which all stay. */
  percent: number;
  /** How long it is watched, as {@link Bake} says, before the next step. */
  seconds: number;
}

/** How a release is watched once its pods are ready, and what that means for it. */
export interface Bake {
  /** How long; 0 is not at all. */
  seconds: number;
  /** Names of CloudWatch alarms. */
  alarms: readonly string[];
  /** Alarms that carry this tag, too. */
  alarmTag?: { key: string; value: string };
  /** Asked over HTTP of the release's address, all the time. */
  checks: readonly HttpCheck[];
  /** Restarts of the release's containers, all pods together, that are borne. */
  restarts: number;
  /** Requests below which alarms say nothing, counted by a CloudWatch metric; absent where nobody counts them. */
  traffic?: Traffic;
  /** What becomes of a release of which nobody can say whether it is good. */
  unknown: 'keep' | 'roll-back';
  /** Seconds after the bake in which an alarm still takes the release back; 0 is never. */
  watchFor: number;
}

export interface HttpCheck {
  /** With its query: `/healthz?deep=1`. */
  path: string;
  /** The lowest and the highest status that is good. */
  status: readonly [number, number];
  /** Text that the body has to contain. */
  contains?: string;
}

export interface Traffic {
  namespace: string;
  metric: string;
  dimensions: Readonly<Record<string, string>>;
  /** Sum over the bake from which on missing trouble counts as good. */
  minimum: number;
}

/** What `fairlead.yaml`, the image and the installation say together about one app; every field is decided. */
export interface App {
  /** A DNS label: names the Deployment, the Service and the container of its web process. */
  name: string;
  /** `web` first. None where the app's own manifests say what runs. */
  processes: readonly Process[];
  /** Variables of all programs. */
  secrets: Readonly<Record<string, SecretReference>>;
  /** Files of all programs: absolute path to text. */
  config: Readonly<Record<string, string>>;
  /** In the order in which they run. */
  jobs: readonly Task[];
  cron: readonly CronTask[];
  ingress?: Ingress;
  serviceAccount: { annotations: Record<string, string> };
  security: Security;
  /** The processor that its image is for, as Kubernetes labels nodes with it (`amd64`, `arm64`), where that is known. */
  architecture?: string;
  /** Seconds that a rollout may go on without progress before it is called failed. */
  patience: number;
  strategy: StrategyChoice;
  bake: Bake;
}

/**
 * Where an app's own Kubernetes resources are, in place of rendered ones; as `manifests` of fairlead.yaml says it. Paths
 * are from the top of the repository.
 */
export type Manifests =
  /** A folder of YAML files, or one such file. */
  | string
  /** A folder with a kustomization.yaml. */
  | { kustomize: string }
  | { helm: HelmChart }
  /** A compose file. */
  | { compose: string };

export interface HelmChart {
  /** Folder with a Chart.yaml. */
  chart: string;
  /** Files, the later one wins. */
  values?: string[] | undefined;
  /** Single values by their path, `image.tag`: they win over files. */
  set?: Record<string, string | number | boolean> | undefined;
  /** `.Release.Name`; the app's name when absent. */
  release?: string | undefined;
}

/** What an image says about how it wants to be run (OCI image specification, config.md). */
export interface ImageFacts {
  /** TCP ports of `ExposedPorts`. */
  exposedPorts: readonly number[];
  /** `Env`, as `NAME=value`. */
  env?: readonly string[];
  /** `User`: name or number, with or without a group. */
  user?: string;
  /** `architecture`, as Go calls it. */
  architecture?: string;
}
