import { FairleadError } from '../errors.ts';
import type { Kube } from '../kube/client.ts';
import { Discovery, type ObjectPath } from '../kube/discovery.ts';
import { DEPLOYERS, type Deployers } from '../kube/permissions.ts';
import type { KubernetesObject } from '../release/types.ts';
import { adapt, versionsFor } from './adapt.ts';
import { Rights } from './rights.ts';

/** A resource in the form that the cluster takes, and where it goes. */
export interface Placed {
  resource: KubernetesObject;
  path: ObjectPath;
}

/** A cluster, and what it can do. Kept from invocation to invocation. */
export class Cluster {
  readonly kube: Kube;
  readonly rights: Rights;
  readonly #discovery: Discovery;

  constructor(kube: Kube, deployers: Deployers = DEPLOYERS) {
    this.kube = kube;
    this.rights = new Rights(kube, deployers);
    kube.appeals = (path, attempt) => this.rights.appeal(path, attempt);
    this.#discovery = new Discovery(kube);
  }

  /**
   * @param namespace of those that name none, and are not of the whole cluster
   * @throws FairleadError `rollout/unknown-kind` where the cluster does not serve the kinds of all of them
   */
  async place(resources: readonly KubernetesObject[], namespace: string): Promise<Placed[]> {
    let found = await this.#placeAll(resources, namespace);
    if (found.includes(undefined)) {
      this.#discovery.forget();
      found = await this.#placeAll(resources, namespace);
    }
    const placed = found.filter((one) => one !== undefined);
    if (placed.length < found.length)
      throw unknownKinds(resources.filter((_, index) => found[index] === undefined));
    return placed;
  }

  /** Where an object would be; undefined where the cluster has no such kind, and so no such object. */
  async find(resource: KubernetesObject, namespace: string): Promise<Placed | undefined> {
    return (await this.#placeAll([resource], namespace))[0];
  }

  async #placeAll(
    resources: readonly KubernetesObject[],
    namespace: string,
  ): Promise<(Placed | undefined)[]> {
    // At the same time: the version of a new cluster is one more question.
    const minor = this.#discovery.minor();
    // Whoever needs it hears of it.
    minor.catch(() => {});
    return Promise.all(resources.map((resource) => this.#place(resource, namespace, minor)));
  }

  async #place(resource: KubernetesObject, namespace: string, minor: Promise<number>) {
    for (const apiVersion of versionsFor(resource)) {
      const adapted = { ...resource, apiVersion };
      const path = await this.#discovery.pathOf(adapted, namespace);
      if (path !== undefined) return { resource: adapt(resource, { apiVersion, minor: await minor }), path };
    }
    return undefined;
  }
}

function unknownKinds(resources: readonly KubernetesObject[]): FairleadError {
  const kinds = [...new Set(resources.map(({ apiVersion, kind }) => `${kind} of ${apiVersion}`))];
  const names = resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  return new FairleadError({
    code: 'rollout/unknown-kind',
    operation: `applying ${names.join(', ')}`,
    cause: `the cluster does not know the ${kinds.length === 1 ? 'kind' : 'kinds'} ${kinds.join(', ')}`,
    remedy:
      'install what brings it (its CustomResourceDefinition), or use an API version that the cluster serves',
  });
}
