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
  port: number;
  /** In the order in which they are applied. */
  resources: KubernetesObject[];
  /** ISO 8601; a rollout's patience counts from here. */
  createdAt: string;
}
