import type { KubernetesObject } from '../../object.ts';
import { parseQuantity } from '../../quantity.ts';
import { StatusError } from '../../status-error.ts';
import { qualifiedName, storedKind } from '../kinds.ts';
import { amountText, type Usage, usageOf } from './usage.ts';

/** Source: Kubernetes `core/v1`. */
export interface ResourceQuota extends KubernetesObject {
  spec?: { hard?: Record<string, string>; scopes?: string[] };
  status?: { hard?: Record<string, string>; used?: Record<string, string> };
}

/**
 * Refuses an object that would use more of its namespace than a quota leaves.
 * Source: Kubernetes `plugin/pkg/admission/resourcequota`.
 * @param inNamespace all objects of the namespace
 * @throws StatusError 403 Forbidden
 */
export function admitByQuota(
  object: KubernetesObject,
  quotas: readonly ResourceQuota[],
  inNamespace: () => readonly KubernetesObject[],
): void {
  for (const quota of quotas) {
    if (!covers(quota, object)) continue;
    const hard = quota.spec?.hard ?? {};
    const requested = usageOf(object);
    const missing = unspecified(object, Object.keys(hard));
    if (missing !== '')
      throw forbidden(object, `failed quota: ${quota.metadata.name}: must specify ${missing}`);
    const used = sum(inNamespace().filter((each) => covers(quota, each)));
    const exceeded = Object.keys(hard)
      .filter((name) => (requested.get(name) ?? 0) > 0)
      .filter((name) => (used.get(name) ?? 0) + (requested.get(name) ?? 0) > parseQuantity(hard[name]))
      .sort();
    if (exceeded.length === 0) continue;
    const list = (amounts: Usage) =>
      exceeded.map((name) => `${name}=${amountText(name, amounts.get(name) ?? 0)}`).join(',');
    const limited = exceeded.map((name) => `${name}=${hard[name]}`).join(',');
    throw forbidden(
      object,
      `exceeded quota: ${quota.metadata.name}, requested: ${list(requested)}, used: ${list(used)}, limited: ${limited}`,
    );
  }
}

/** What a quota's status says. */
export function quotaStatus(
  quota: ResourceQuota,
  inNamespace: readonly KubernetesObject[],
): NonNullable<ResourceQuota['status']> {
  const hard = quota.spec?.hard ?? {};
  const used = sum(inNamespace.filter((each) => covers(quota, each)));
  const texts = Object.keys(hard).map((name) => [name, amountText(name, used.get(name) ?? 0)]);
  return { hard, used: Object.fromEntries(texts) };
}

function sum(objects: readonly KubernetesObject[]): Usage {
  const total: Usage = new Map();
  for (const object of objects)
    for (const [name, amount] of usageOf(object)) total.set(name, (total.get(name) ?? 0) + amount);
  return total;
}

interface PodSpec {
  containers?: { name: string; resources?: { requests?: object; limits?: object } }[];
  activeDeadlineSeconds?: number;
}

/** A quota with scopes is about some pods only. */
function covers({ spec }: ResourceQuota, object: KubernetesObject): boolean {
  const scopes = spec?.scopes ?? [];
  if (scopes.length === 0) return true;
  if (object.kind !== 'Pod') return false;
  const { containers = [], activeDeadlineSeconds } = object.spec as PodSpec;
  const isBestEffort = containers.every(
    ({ resources }) => Object.keys({ ...resources?.requests, ...resources?.limits }).length === 0,
  );
  const holds: Record<string, boolean> = {
    BestEffort: isBestEffort,
    NotBestEffort: !isBestEffort,
    Terminating: activeDeadlineSeconds !== undefined,
    NotTerminating: activeDeadlineSeconds === undefined,
  };
  return scopes.every((scope) => holds[scope] ?? false);
}

/** Where a quota counts processor time or memory, every container has to say how much: `limits.cpu for: web`. */
function unspecified(object: KubernetesObject, names: readonly string[]): string {
  if (object.kind !== 'Pod') return '';
  const { containers = [] } = object.spec as PodSpec;
  return names
    .filter((name) => /^((requests|limits)\.)?(cpu|memory)$/.test(name))
    .sort()
    .flatMap((name) => {
      const [resource = '', list = 'requests'] = name.split('.').reverse();
      const silent = containers.filter(
        ({ resources }) =>
          (resources as Record<string, object> | undefined)?.[list]?.[resource as never] === undefined,
      );
      return silent.length === 0 ? [] : [`${name} for: ${silent.map((each) => each.name).join(',')}`];
    })
    .join('; ');
}

function forbidden({ kind: name, metadata }: KubernetesObject, cause: string): StatusError {
  const kind = storedKind(name);
  const resource = kind === undefined ? name : qualifiedName(kind);
  return new StatusError('Forbidden', `${resource} "${metadata.name}" is forbidden: ${cause}`, {
    name: metadata.name,
    ...(kind && { kind: kind.plural, ...(kind.group !== '' && { group: kind.group }) }),
  });
}
