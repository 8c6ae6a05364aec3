import type { ServerResponse } from 'node:http';
import { Kube } from '../../../lib/kube/client.ts';
import { identity } from '../../../lib/release/labels.ts';
import type { KubernetesObject, Release } from '../../../lib/release/types.ts';
import { Cluster } from '../../../lib/rollout/cluster.ts';
import type { RolloutRequest } from '../../../lib/rollout/request.ts';
import { type Listener, rollOut } from '../../../lib/rollout/roll-out.ts';
import { fakeApi, json, type Request, refuse } from '../kube/fake-api.ts';

const LISTS: Record<string, Record<string, string>> = {
  '/api/v1': {
    namespaces: 'Namespace',
    configmaps: 'ConfigMap',
    secrets: 'Secret',
    serviceaccounts: 'ServiceAccount',
    services: 'Service',
    persistentvolumeclaims: 'PersistentVolumeClaim',
  },
  '/apis/apps/v1': { deployments: 'Deployment' },
  '/apis/batch/v1': { jobs: 'Job' },
  '/apis/apiextensions.k8s.io/v1': { customresourcedefinitions: 'CustomResourceDefinition' },
  '/apis/external-secrets.io/v1': { externalsecrets: 'ExternalSecret' },
  '/apis/autoscaling/v2beta2': { horizontalpodautoscalers: 'HorizontalPodAutoscaler' },
};

const LACKS = 'it is forbidden: User "web" cannot get resource "things" in API group ""';

/** A cluster that keeps objects, and does nothing with them: as much of the API as applying needs. */
export class FakeCluster {
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind, by path
  readonly objects = new Map<string, any>();
  /** Paths whose writes are refused, dry or not, and with what. */
  readonly refused = new Map<string, string>();
  /** Fields that others have set, by path, and who; taken by force only. */
  readonly contested = new Map<string, { field: string; manager: string }[]>();
  /** How jobs end, as soon as they are made. */
  jobCondition: Record<string, string> = { type: 'Complete', status: 'True' };
  /** Namespaces that a RoleBinding gives rights in. */
  readonly bound = new Set<string>();
  /** Whether it refuses what is in another one, and how many requests it takes to notice a RoleBinding. */
  rights: 'everywhere' | { lag: number } = 'everywhere';
  #version = 1;

  answer(request: Request, response: ServerResponse): unknown {
    const { method, path, query } = request;
    if (path === '/version') return json(response, 200, { minor: '33' });
    const list = LISTS[path];
    if (list !== undefined)
      return json(response, 200, {
        resources: Object.entries(list).map(([name, kind]) => ({
          name,
          kind,
          namespaced: kind !== 'Namespace' && kind !== 'CustomResourceDefinition',
        })),
      });
    if (query.has('watch')) {
      response.writeHead(200);
      return response.flushHeaders();
    }
    if (method === 'POST' && path.endsWith('/rolebindings')) return this.#bind(request, response);
    if (!this.#mayAsk(request)) return refuse(response, 403, 'Forbidden', LACKS);
    if (method === 'GET') return this.#get(request, response);
    if (method === 'DELETE') return this.#delete(request, response);
    return this.#write(request, response);
  }

  #bind({ path }: Request, response: ServerResponse): unknown {
    const [, name = ''] = /\/namespaces\/([^/]+)/.exec(path) ?? [];
    if (this.bound.has(name)) return refuse(response, 409, 'AlreadyExists');
    this.bound.add(name);
    json(response, 201, {});
  }

  #mayAsk({ method, path }: Request): boolean {
    const { rights } = this;
    const [, name, more] = /\/namespaces\/([^/]+)(\/)?/.exec(path) ?? [];
    if (rights === 'everywhere' || name === undefined) return true;
    if (more === undefined && method === 'GET') return true;
    return this.bound.has(name) && rights.lag-- <= 0;
  }

  #get({ path, query }: Request, response: ServerResponse): unknown {
    const found = this.objects.get(path);
    if (found !== undefined) return json(response, 200, found);
    if (!/\/(pods|events|configmaps|jobs|deployments|replicasets)$/.test(path))
      return refuse(response, 404, 'NotFound');
    const selector = query.get('labelSelector')?.split(',') ?? [];
    const name = query.get('fieldSelector')?.replace('metadata.name=', '');
    const items = [...this.objects]
      .filter(([key, { metadata }]) => {
        if (!key.startsWith(`${path}/`) || (name !== undefined && metadata.name !== name)) return false;
        return selector.every(
          (label) => `${metadata.labels?.[label.split('=')[0] ?? '']}` === label.split('=')[1],
        );
      })
      .map(([, object]) => object);
    json(response, 200, { metadata: { resourceVersion: String(this.#version) }, items });
  }

  #delete({ path, body }: Request, response: ServerResponse): unknown {
    const live = this.objects.get(path);
    if (live === undefined) return refuse(response, 404, 'NotFound');
    if (body.preconditions.resourceVersion !== live.metadata.resourceVersion)
      return refuse(response, 409, 'Conflict');
    if (live.kind === 'Namespace') this.bound.delete(live.metadata.name);
    for (const key of [...this.objects.keys()])
      if (key === path || key.startsWith(`${path}/`)) this.objects.delete(key);
    json(response, 200, {});
  }

  #write({ method, path, query, body, contentType }: Request, response: ServerResponse): unknown {
    const key = method === 'POST' ? `${path}/${body.metadata.name}` : path;
    const live = this.objects.get(key);
    const why = this.refused.get(key);
    if (why !== undefined) return refuse(response, 422, 'Invalid', why);
    if (method === 'POST' && live !== undefined) return refuse(response, 409, 'AlreadyExists');
    if (contentType === 'application/json-patch+json') return json(response, 200, this.#put(key, live));
    if (
      body.metadata.resourceVersion !== undefined &&
      body.metadata.resourceVersion !== live?.metadata.resourceVersion
    )
      return refuse(response, 409, 'Conflict');
    const causes = this.contested.get(key)?.map(({ field, manager }) => {
      return { reason: 'FieldManagerConflict', field, message: `conflict with "${manager}" using apps/v1` };
    });
    if (method === 'PATCH' && causes !== undefined && query.get('force') !== 'true')
      return refuse(response, 409, 'Conflict', 'Apply failed', { causes });
    const managedFields = [{ manager: 'fairlead', operation: 'Apply' }];
    const object = { ...body, metadata: { ...body.metadata, managedFields } };
    json(response, 200, query.has('dryRun') ? object : this.#put(key, object));
  }

  // biome-ignore lint/suspicious/noExplicitAny: an object of any kind
  #put(key: string, object: any) {
    const metadata = { ...object.metadata, uid: key, resourceVersion: String(++this.#version) };
    const stored = {
      ...object,
      metadata,
      ...(object.kind === 'Job' && { status: { conditions: [this.jobCondition] } }),
    };
    this.objects.set(key, stored);
    return stored;
  }

  /** `KIND NAME` of everything that is there but inventories. */
  names(): string[] {
    return [...this.objects.values()]
      .filter(({ metadata }) => !metadata.name.startsWith('fairlead-inventory'))
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
      .sort();
  }

  /** What the inventory of the app says. */
  remembered(): string[] {
    const inventory = this.objects.get('/api/v1/namespaces/shop/configmaps/fairlead-inventory-web');
    return (inventory?.data.objects ?? '').split('\n').filter((line: string) => line !== '');
  }
}

/** A {@link FakeCluster} behind HTTPS, and a function that rolls out on it. */
export async function startFake() {
  const fake = new FakeCluster();
  const api = await fakeApi((request, response) => fake.answer(request, response));
  const kubes: Kube[] = [];
  /** With `requests`, whoever asks is dead after so many of them. */
  const ask = (request: Asked, more: Partial<Listener> = {}, requests = Number.POSITIVE_INFINITY) => {
    let left = requests;
    const token = async () => {
      if (left-- > 0) return 'kept';
      throw new Error('killed');
    };
    const kube = new Kube({ ...api.connection, token });
    kubes.push(kube);
    const subject = { delivery: 'd', app: 'web', commit: 'c' };
    const listener: Listener = { onApplied: () => {}, onPod: () => {}, ...more };
    const full = { fence: request.release.number, ...request, subject } as RolloutRequest;
    return rollOut(new Cluster(kube), full, listener);
  };
  const close = async () => {
    for (const kube of kubes) kube.close();
    await api.close();
  };
  return { fake, api, ask, close };
}

type Asked = { release: Release; fence?: number } & (
  | { do: 'apply'; phase: number; back?: true }
  | { do: 'observe'; phase: number }
  | { do: 'undo'; back?: Release }
  | { do: 'prune' | 'remove' | 'see' }
);

export const LABELS = identity('web', 'production');

export function object(kind: string, name: string, more: object = {}, apiVersion = 'v1'): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace: 'shop', labels: LABELS }, ...more };
}

/** Release `number` of the app `web` in namespace `shop`, of these resources alone. */
export function releaseWith(
  number: number,
  resources: KubernetesObject[],
  jobs: KubernetesObject[] = [],
): Release {
  return {
    number,
    app: 'web',
    environment: 'production',
    namespace: 'shop',
    commit: 'c',
    image: 'i',
    jobs,
    resources,
    strategy: { kind: 'rolling' },
    bake: { seconds: 0, alarms: [], checks: [], restarts: 0, unknown: 'keep', watchFor: 0 },
    createdAt: new Date(0).toISOString(),
  };
}
