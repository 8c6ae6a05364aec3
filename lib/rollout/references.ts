import { FairleadError } from '../errors.ts';
import type { Kube } from '../kube/client.ts';
import type { KubernetesObject } from '../release/types.ts';
import { type PodSpec, podSpecOf } from './pod-spec.ts';
import { handOver } from './rights.ts';
import { referencesOf } from './secrets.ts';

/** Something that pods cannot start without: a Secret or a ConfigMap, or one key of it. */
export interface Reference {
  kind: 'Secret' | 'ConfigMap';
  namespace: string;
  name: string;
  key?: string;
  /** For people: `container web, as DATABASE_URL`. */
  by: string;
}

/** What the pods of `resource` cannot start without. */
export function referencesIn(resource: KubernetesObject, namespace: string): Reference[] {
  const spec = podSpecOf(resource);
  if (spec === undefined) return [];
  const where = { namespace: resource.metadata.namespace ?? namespace };
  return [...fromContainers(spec), ...fromVolumes(spec)].map((found) => ({ ...where, ...found }));
}

type Found = Omit<Reference, 'namespace'>;

function fromContainers({ containers = [], initContainers = [] }: PodSpec): Found[] {
  return [...initContainers, ...containers].flatMap(({ name: container, env = [], envFrom = [] }) => [
    // biome-ignore lint/suspicious/noExplicitAny: fields of an EnvVar
    ...env.flatMap(({ name, valueFrom }: any) => {
      const by = `container ${container}, as ${name}`;
      return [
        ...named('Secret', valueFrom?.secretKeyRef, by, valueFrom?.secretKeyRef?.key),
        ...named('ConfigMap', valueFrom?.configMapKeyRef, by, valueFrom?.configMapKeyRef?.key),
      ];
    }),
    // biome-ignore lint/suspicious/noExplicitAny: fields of an EnvFromSource
    ...envFrom.flatMap(({ secretRef, configMapRef }: any) => {
      const by = `container ${container}, as its environment`;
      return [...named('Secret', secretRef, by), ...named('ConfigMap', configMapRef, by)];
    }),
  ]);
}

function fromVolumes({ volumes = [] }: PodSpec): Found[] {
  return volumes.flatMap((volume) => {
    const by = `volume ${volume.name}`;
    const { secret, configMap, projected } = volume;
    // biome-ignore lint/suspicious/noExplicitAny: fields of a VolumeProjection
    const sources: any[] = projected?.sources ?? [];
    return [
      ...items('Secret', secret && { ...secret, name: secret.secretName }, by),
      ...items('ConfigMap', configMap, by),
      ...sources.flatMap((source) => [
        ...items('Secret', source.secret, by),
        ...items('ConfigMap', source.configMap, by),
      ]),
    ];
  });
}

// biome-ignore lint/suspicious/noExplicitAny: a SecretKeySelector, SecretEnvSource, … of any kind
function named(kind: Found['kind'], reference: any, by: string, key?: string): Found[] {
  if (reference?.name === undefined || reference.optional) return [];
  return [{ kind, name: reference.name, by, ...(key !== undefined && { key }) }];
}

// biome-ignore lint/suspicious/noExplicitAny: a SecretVolumeSource, SecretProjection, … of any kind
function items(kind: Found['kind'], source: any, by: string): Found[] {
  const keys: string[] = (source?.items ?? []).map(({ key }: { key: string }) => key);
  if (keys.length === 0) return named(kind, source, by);
  return keys.flatMap((key) => named(kind, source, by, key));
}

/**
 * Makes sure that everything is there which the pods of `resources` cannot start without: a dry run does not look at it.
 * What the release itself brings, or has somebody else bring, counts as there.
 * @param isNew whether the namespace was not there before, and will be gone again
 * @throws FairleadError `rollout/missing-reference`
 */
export async function checkReferences(
  kube: Kube,
  resources: readonly KubernetesObject[],
  namespace: string,
  isNew: boolean,
): Promise<void> {
  const wanted = resources.flatMap((resource) => referencesIn(resource, namespace));
  const objects = new Map(wanted.map((one) => [pathOf(one), one]));
  const present = new Map(
    await Promise.all(
      [...objects].map(async ([path, one]) => {
        const brought = broughtBy(resources, one, namespace);
        return [path, brought ?? keysOf(await kube.find<Keyed>(path))] as const;
      }),
    ),
  );
  const missing = wanted.filter((one) => {
    const keys = present.get(pathOf(one));
    if (keys === 'some') return false;
    return keys === undefined || (one.key !== undefined && !keys.has(one.key));
  });
  const first = isNew ? `kubectl create namespace ${namespace}; ${handOver(namespace)}; ` : '';
  if (missing.length > 0) throw missingReferences(missing, present, first);
}

type Keys = ReadonlySet<string> | 'some' | undefined;
interface Keyed {
  data?: object;
  stringData?: object;
  binaryData?: object;
}

function broughtBy(resources: readonly KubernetesObject[], one: Reference, namespace: string): Keys {
  const own = resources.find(
    ({ kind, metadata }) =>
      kind === one.kind && metadata.name === one.name && (metadata.namespace ?? namespace) === one.namespace,
  );
  if (own !== undefined)
    return new Set([...(keysOf(own as Keyed) ?? []), ...referencesOf(own).map(({ key }) => key)]);
  // An ExternalSecret, a Certificate: whatever names it has an operator make it.
  const maker = resources.find(
    (resource) => isCustom(resource) && JSON.stringify(resource).includes(JSON.stringify(one.name)),
  );
  return maker === undefined ? undefined : 'some';
}

/** Of a group that Kubernetes itself does not have. */
function isCustom({ apiVersion }: KubernetesObject): boolean {
  const [group = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [];
  return group.includes('.') && !group.endsWith('.k8s.io');
}

function keysOf(object: Keyed | undefined): Set<string> | undefined {
  if (object === undefined) return undefined;
  const { data, stringData, binaryData } = object;
  return new Set([data, stringData, binaryData].flatMap((map) => Object.keys(map ?? {})));
}

function pathOf({ kind, namespace, name }: Reference): string {
  return `/api/v1/namespaces/${namespace}/${kind === 'Secret' ? 'secrets' : 'configmaps'}/${name}`;
}

function missingReferences(
  missing: readonly Reference[],
  present: ReadonlyMap<string, Keys>,
  before: string,
): FairleadError {
  const causes = missing.map((one) => {
    const what = `${one.kind} ${one.namespace}/${one.name}`;
    const wants = `which ${one.by} needs`;
    return present.get(pathOf(one)) === undefined
      ? `there is no ${what}${one.key === undefined ? '' : ` with the key ${one.key}`}, ${wants}`
      : `${what} has no key ${one.key}, ${wants}`;
  });
  return new FairleadError({
    code: 'rollout/missing-reference',
    operation: 'looking for what the pods need',
    cause: [...new Set(causes)].join('; '),
    remedy: `make it, for example: ${before}${commandFor(missing, present)}`,
  });
}

/** What makes, or completes, the first of what is missing. */
function commandFor(missing: readonly Reference[], present: ReadonlyMap<string, Keys>): string {
  const [first] = missing;
  if (first === undefined) return '';
  const path = pathOf(first);
  const keys = [...new Set(missing.filter((one) => pathOf(one) === path).flatMap(({ key }) => key ?? []))];
  const what = first.kind === 'Secret' ? 'secret' : 'configmap';
  const on = `kubectl -n ${first.namespace}`;
  if (present.get(path) !== undefined) {
    const field = first.kind === 'Secret' ? 'stringData' : 'data';
    return `${on} patch ${what} ${first.name} -p '${JSON.stringify({ [field]: Object.fromEntries(keys.map((key) => [key, '…'])) })}'`;
  }
  const kind = first.kind === 'Secret' ? 'secret generic' : 'configmap';
  const literals = (keys.length > 0 ? keys : ['KEY']).map((key) => ` --from-literal=${key}=…`).join('');
  return `${on} create ${kind} ${first.name}${literals}`;
}
