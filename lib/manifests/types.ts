import type { KubernetesObject } from '../release/types.ts';

/** An object of a manifest, and where it stands. */
export interface Located {
  object: KubernetesObject;
  /** For people: `k8s/web.yaml:12`. */
  place: string;
}

/** What an app's manifests say: Kubernetes objects as they were written, and what people should know of them. */
export interface Own {
  objects: KubernetesObject[];
  /** One line each: what is left out or changed, by name. */
  notices: string[];
}

/** The programs that render; absolute paths, absent where the machine has none. */
export interface Tools {
  kustomize?: string;
  /** Has kustomize inside; used where that is missing. */
  kubectl?: string;
  helm?: string;
}

/** Whom manifests are read for. */
export interface Reader {
  app: string;
  /** Of the cluster; charts see it as `.Release.Namespace`. */
  namespace: string;
  tools: Tools;
}
