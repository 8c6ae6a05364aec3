/** How a Service is reached (Kubernetes, ServiceSpec `type`). */
export type ServiceType = 'ClusterIP' | 'NodePort' | 'LoadBalancer';

/** How the cluster finds out that a pod can take requests. */
export type Health = { by: 'tcp' } | { by: 'http'; path: string };

/** Amounts of one resource list, in Kubernetes' notation (`250m`, `64Mi`). */
export interface Amounts {
  cpu?: string;
  memory?: string;
}

/** What `fairlead.yaml`, the image and the installation say together about one service; every field is decided. */
export interface App {
  /** A DNS label: names the Deployment, the Service and the container. */
  name: string;
  /** The TCP port that the container listens on; it is also told to it as `PORT`. */
  port: number;
  replicas: number;
  env: Record<string, string>;
  /** Replaces the image's ENTRYPOINT. */
  command?: string[];
  /** Replaces the image's CMD. */
  args?: string[];
  resources: { requests: Amounts; limits: Amounts };
  health: Health;
  service: ServiceType;
  /** The number of the image's user, where it is one other than root. */
  runAs?: number;
  /** The processor that its image is for, as Kubernetes labels nodes with it (`amd64`, `arm64`), where that is known. */
  architecture?: string;
  /** Linux capabilities that the container keeps, without `CAP_`; all others are dropped. */
  capabilities: string[];
  /** Seconds that a rollout may go on without progress before it is called failed. */
  patience: number;
  /** Seconds that a container is given between SIGTERM and SIGKILL. */
  terminationGracePeriod: number;
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
