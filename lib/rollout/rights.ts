import { setTimeout as sleep } from 'node:timers/promises';
import { FairleadError } from '../errors.ts';
import type { Appeal, Kube } from '../kube/client.ts';
import { isNotFound, KubeError } from '../kube/error.ts';
import { FIELD_MANAGER } from '../kube/owner.ts';
import type { Deployers } from '../kube/permissions.ts';
import type { LiveObject } from '../kube/wire.ts';
import { MANAGED_BY } from '../release/labels.ts';

/** The label of a namespace that Fairlead made, or that its owner has handed over. */
const OURS = { [MANAGED_BY]: 'fairlead' };

const API_GROUP = 'rbac.authorization.k8s.io';
const NAME = 'fairlead-deployer';

/**
 * Milliseconds for which a refusal is put down to an authorizer that has not heard of the binding yet (it follows the
 * API like any controller): of a binding just made, and of one that somebody made before, maybe only just.
 */
const LAG_MS = { created: 5000, present: 1000 };

/** After so many refusals, some 0.3 s, it is worth a look whether the binding and the namespace are still there. */
const DOUBTFUL = 4;

interface Given {
  at: number;
  lag: number;
}

/**
 * The rights of whoever rolls out in the namespaces of apps, which are given namespace by namespace: with a namespace
 * that Fairlead makes, and again where they turn out to be missing in one that Fairlead made before. In anybody else's
 * namespace they are the owner's to give.
 */
export class Rights {
  readonly #kube: Kube;
  readonly #deployers: Deployers;
  readonly #given = new Map<string, Given>();
  readonly #looking = new Map<string, Promise<'given' | 'gone' | 'refused'>>();

  constructor(kube: Kube, deployers: Deployers) {
    this.#kube = kube;
    this.#deployers = deployers;
  }

  /** Gives them in `namespace`, which is Fairlead's own. */
  async give(namespace: string): Promise<void> {
    const { group, clusterRole } = this.#deployers;
    const body = {
      apiVersion: `${API_GROUP}/v1`,
      kind: 'RoleBinding',
      metadata: { name: NAME, namespace, labels: OURS },
      // A reference to a ClusterRole, so that it can be made by the verb `bind` on that one role, without holding its
      // rights everywhere (Kubernetes, "Privilege escalation prevention and bootstrapping").
      roleRef: { apiGroup: API_GROUP, kind: 'ClusterRole', name: clusterRole },
      subjects: [{ apiGroup: API_GROUP, kind: 'Group', name: group }],
    };
    const options = { query: { fieldManager: FIELD_MANAGER }, body, final: true } as const;
    let lag = LAG_MS.created;
    try {
      await this.#kube.send('POST', bindingsOf(namespace), options);
    } catch (error) {
      if (!(error instanceof KubeError) || error.reason !== 'AlreadyExists') throw error;
      if (this.#isFresh(namespace)) return;
      lag = LAG_MS.present;
    }
    this.#given.set(namespace, { at: Date.now(), lag });
  }

  /**
   * Decides about the request for `path` that was refused for want of a right, for the `attempt`th time, from 0.
   * @throws FairleadError `rollout/not-our-namespace`
   */
  async appeal(path: string, attempt: number): Promise<Appeal> {
    const [, namespace] = /^\/apis?\/.*?\/namespaces\/([^/]+)/.exec(path) ?? [];
    if (namespace === undefined) return 'refused';
    if (attempt === DOUBTFUL || (attempt === 0 && !this.#isFresh(namespace))) {
      const found = await this.#lookOnce(namespace);
      if (found !== 'given') return found;
    }
    if (!this.#isFresh(namespace)) return 'refused';
    await sleep(Math.min(20 * 2 ** attempt, 1000));
    return 'again';
  }

  #isFresh(namespace: string): boolean {
    const given = this.#given.get(namespace);
    return given !== undefined && Date.now() - given.at < given.lag;
  }

  /** Requests that are refused side by side share one look. */
  #lookOnce(namespace: string): Promise<'given' | 'gone' | 'refused'> {
    const looking = this.#looking.get(namespace);
    if (looking !== undefined) return looking;
    const look = this.#look(namespace).finally(() => this.#looking.delete(namespace));
    this.#looking.set(namespace, look);
    return look;
  }

  async #look(namespace: string): Promise<'given' | 'gone' | 'refused'> {
    const live = await this.#find(`/api/v1/namespaces/${namespace}`);
    // What is in it goes with it, and the binding may be the first to go.
    if (live === undefined || live.metadata?.deletionTimestamp !== undefined) return 'gone';
    if (!isOurs(live)) {
      if (await this.#isBound(namespace)) return 'refused';
      throw notOurs(namespace);
    }
    await this.give(namespace);
    return 'given';
  }

  /** Whoever has the rights may read what gives them. */
  async #isBound(namespace: string): Promise<boolean> {
    try {
      await this.#find(`${bindingsOf(namespace)}/${NAME}`);
      return true;
    } catch (error) {
      if (error instanceof KubeError && error.status === 403) return false;
      throw error;
    }
  }

  async #find(path: string): Promise<LiveObject | undefined> {
    try {
      return await this.#kube.send<LiveObject>('GET', path, { final: true });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

function bindingsOf(namespace: string): string {
  return `/apis/${API_GROUP}/v1/namespaces/${namespace}/rolebindings`;
}

function isOurs({ metadata }: LiveObject): boolean {
  return Object.entries(OURS).every(([key, value]) => metadata?.labels?.[key] === value);
}

/** How the owner of a namespace lets Fairlead in. It is not deleted with the app: it is not one app's by this. */
export function handOver(namespace: string): string {
  return `kubectl label namespace ${namespace} ${MANAGED_BY}=${OURS[MANAGED_BY]}`;
}

function notOurs(namespace: string): FairleadError {
  return new FairleadError({
    code: 'rollout/not-our-namespace',
    operation: `rolling out to namespace ${namespace}`,
    cause: `the namespace ${namespace} exists already, Fairlead did not make it, and has no rights in it`,
    remedy: `give the app another name, or let Fairlead in: ${handOver(namespace)}`,
  });
}
