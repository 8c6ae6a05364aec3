import { FairleadError } from '../errors.ts';
import type { Kube } from '../kube/client.ts';
import { Discovery, type ObjectPath } from '../kube/discovery.ts';
import type { KubernetesObject } from '../release/types.ts';
import { adapt, type ClusterFacts } from './adapt.ts';

/** A resource in the form that the cluster takes, and where it goes. */
export interface Placed {
  resource: KubernetesObject;
  path: ObjectPath;
}

/** A cluster, and what it can do. Kept from invocation to invocation. */
export class Cluster {
  readonly kube: Kube;
  readonly #discovery: Discovery;

  constructor(kube: Kube) {
    this.kube = kube;
    this.#discovery = new Discovery(kube);
  }

  /** @throws FairleadError `rollout/unknown-kind` where the cluster does not serve a resource's kind */
  async place(resources: readonly KubernetesObject[]): Promise<Placed[]> {
    const facts = await this.#facts();
    return Promise.all(resources.map((resource) => this.#place(adapt(resource, facts))));
  }

  async #place(resource: KubernetesObject): Promise<Placed> {
    const path = await this.#discovery.pathOf(resource);
    if (path !== undefined) return { resource, path };
    throw new FairleadError({
      code: 'rollout/unknown-kind',
      operation: `applying ${resource.kind} ${resource.metadata.name}`,
      cause: `the cluster does not know the kind ${resource.kind} of ${resource.apiVersion}`,
    });
  }

  async #facts(): Promise<ClusterFacts> {
    const [minor, policyV1] = await Promise.all([
      this.#discovery.minor(),
      this.#discovery.serves('policy/v1', 'PodDisruptionBudget'),
    ]);
    return { minor, policyV1 };
  }
}
