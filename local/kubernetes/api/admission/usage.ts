import type { KubernetesObject } from '../../object.ts';
import { parseQuantity } from '../../quantity.ts';
import { storedKind } from '../kinds.ts';
import { canonicalQuantity } from '../schema/quantity.ts';

/** Amounts by a quota's names for them: `pods`, `requests.cpu`, `count/jobs.batch`. */
export type Usage = Map<string, number>;

/** What an object of a namespace uses of it. Source: Kubernetes `pkg/quota/v1/evaluator/core`. */
export function usageOf(object: KubernetesObject): Usage {
  const kind = storedKind(object.kind);
  const usage: Usage = new Map();
  if (kind === undefined) return usage;
  if (object.kind === 'Pod' && isOver(object)) return usage;
  usage.set(`count/${kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`}`, 1);
  if (counted.has(kind.plural)) usage.set(kind.plural, 1);
  if (object.kind === 'Pod') for (const [name, amount] of podUsage(object)) usage.set(name, amount);
  if (object.kind === 'Service') for (const name of serviceUsage(object)) usage.set(name, 1);
  if (object.kind === 'PersistentVolumeClaim') usage.set('requests.storage', storageOf(object));
  return usage;
}

/** Kinds that quotas count by their plain name. */
const counted = new Set([
  'pods',
  'services',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'resourcequotas',
]);

interface Resources {
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
}

interface PodSpec {
  containers?: Resources[];
  initContainers?: Resources[];
}

/** A pod that has ended uses nothing any more. */
function isOver({ status }: KubernetesObject): boolean {
  const phase = (status as { phase?: string } | undefined)?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

function podUsage({ spec }: KubernetesObject): Usage {
  const usage: Usage = new Map();
  for (const list of ['requests', 'limits'] as const)
    for (const [name, amount] of totals(spec as PodSpec, list)) {
      usage.set(`${list}.${name}`, amount);
      if (list === 'requests') usage.set(name, amount);
    }
  return usage;
}

/** Of each resource the containers' sum, or one init container's if that is more. */
function totals({ containers = [], initContainers = [] }: PodSpec, list: 'requests' | 'limits'): Usage {
  const sum: Usage = new Map();
  for (const { resources } of containers)
    for (const [name, text] of Object.entries(resources?.[list] ?? {}))
      sum.set(name, (sum.get(name) ?? 0) + parseQuantity(String(text)));
  for (const { resources } of initContainers)
    for (const [name, text] of Object.entries(resources?.[list] ?? {}))
      sum.set(name, Math.max(sum.get(name) ?? 0, parseQuantity(String(text))));
  return sum;
}

function serviceUsage({ spec }: KubernetesObject): string[] {
  const { type } = spec as { type?: string };
  if (type === 'LoadBalancer') return ['services.loadbalancers', 'services.nodeports'];
  return type === 'NodePort' ? ['services.nodeports'] : [];
}

function storageOf({ spec }: KubernetesObject): number {
  return parseQuantity((spec as Resources).resources?.requests?.storage);
}

/** The amount as Kubernetes writes it: `250m`, `32Mi`, `2`. */
export function amountText(name: string, amount: number): string {
  const text = Number.isInteger(amount) ? String(amount) : `${Math.round(amount * 1000)}m`;
  if (/memory|storage/.test(name) && amount > 0 && amount % 1024 === 0)
    return canonicalQuantity(`${amount / 1024}Ki`) ?? text;
  return canonicalQuantity(text) ?? text;
}
