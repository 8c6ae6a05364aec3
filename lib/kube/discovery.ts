import type { Kube } from './client.ts';
import type { WrittenObject } from './wire.ts';

interface ResourceList {
  resources: { name: string; kind: string; namespaced: boolean }[];
}

/** What one cluster can do: which kinds it serves, and its version. Asked once, then kept. */
export class Discovery {
  readonly #kube: Kube;
  readonly #lists = new Map<string, Promise<ResourceList | undefined>>();
  #minor?: Promise<number>;

  constructor(kube: Kube) {
    this.#kube = kube;
  }

  /** The minor version of the API server: 33 of Kubernetes 1.33. */
  minor(): Promise<number> {
    this.#minor ??= this.#kept(this.#kube.get<{ minor: string }>('/version'), () => {
      this.#minor = undefined;
    }).then(({ minor }) => Number.parseInt(minor, 10));
    return this.#minor;
  }

  /**
   * The path of `object`, and of the collection it is created in; in `namespace` where it names none. Undefined where
   * the cluster lacks its kind.
   */
  async pathOf(
    { apiVersion, kind, metadata }: WrittenObject,
    namespace: string,
  ): Promise<ObjectPath | undefined> {
    const list = await this.#list(apiVersion);
    // Subresources are listed with the kind of their parent: `deployments/status`.
    const resource = list?.resources.find((entry) => entry.kind === kind && !entry.name.includes('/'));
    if (resource === undefined) return undefined;
    const scope = resource.namespaced ? `/namespaces/${metadata.namespace ?? namespace}` : '';
    const collection = `${root(apiVersion)}${scope}/${resource.name}`;
    return { collection, object: `${collection}/${metadata.name}` };
  }

  #list(apiVersion: string): Promise<ResourceList | undefined> {
    const known = this.#lists.get(apiVersion);
    if (known) return known;
    const list = this.#kept(this.#kube.find<ResourceList>(root(apiVersion)), () =>
      this.#lists.delete(apiVersion),
    );
    this.#lists.set(apiVersion, list);
    return list;
  }

  /**
   * Forgets what was found out. What the cluster did not serve a while ago it may serve now: somebody has installed it,
   * or has upgraded the cluster.
   */
  forget(): void {
    this.#lists.clear();
    this.#minor = undefined;
  }

  // A failure is not a fact about the cluster: the next one asks again.
  #kept<T>(answer: Promise<T>, forget: () => void): Promise<T> {
    answer.catch(forget);
    return answer;
  }
}

export interface ObjectPath {
  collection: string;
  object: string;
}

// The core group has a path of its own.
function root(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
