import type { KubernetesObject } from '../../object.ts';
import { parseQuantity } from '../../quantity.ts';
import { StatusError } from '../../status-error.ts';

type Amounts = Record<string, string>;

/** Source: Kubernetes `core/v1`. */
export interface LimitRange extends KubernetesObject {
  spec?: {
    limits?: { type: string; default?: Amounts; defaultRequest?: Amounts; min?: Amounts; max?: Amounts }[];
  };
}

interface Container {
  resources?: { requests?: Amounts; limits?: Amounts };
}

type Limits = NonNullable<NonNullable<LimitRange['spec']>['limits']>[number];

/**
 * Gives a pod's containers what its namespace says they have when they say nothing, in place, and refuses what is
 * outside of its bounds. Only limits of type `Container` are looked at. Source: Kubernetes `plugin/pkg/admission/limitranger`.
 * @throws StatusError 403 Forbidden
 */
export function admitByLimitRange(pod: KubernetesObject, ranges: readonly LimitRange[]): void {
  const limits = ranges.flatMap(({ spec }) => spec?.limits ?? []).filter(({ type }) => type === 'Container');
  const { containers = [], initContainers = [] } = pod.spec as Record<string, Container[]>;
  for (const container of [...containers, ...initContainers])
    for (const limit of limits) {
      fillIn(container, limit);
      const broken = [...violations(container, limit)];
      if (broken.length === 0) continue;
      const cause = broken.length === 1 ? broken[0] : `[${broken.join(', ')}]`;
      const { name } = pod.metadata;
      throw new StatusError('Forbidden', `pods "${name}" is forbidden: ${cause}`, { name, kind: 'pods' });
    }
}

/** What is missing is the default; a default limit without a default request is that, and so is a maximum. */
function fillIn(container: Container, { default: limits, defaultRequest, min, max }: Limits): void {
  const defaultLimits = { ...max, ...limits };
  const own = container.resources ?? {};
  const requests = { ...min, ...defaultLimits, ...defaultRequest, ...own.limits, ...own.requests };
  const filled = { ...defaultLimits, ...own.limits };
  container.resources = {
    ...own,
    ...(Object.keys(filled).length > 0 && { limits: filled }),
    ...(Object.keys(requests).length > 0 && { requests }),
  };
}

function* violations({ resources }: Container, { min = {}, max = {} }: Limits): Generator<string> {
  const { limits = {}, requests = {} } = resources ?? {};
  for (const [name, most] of Object.entries(max))
    if (parseQuantity(limits[name]) > parseQuantity(most))
      yield `maximum ${name} usage per Container is ${most}, but limit is ${limits[name]}`;
  for (const [name, least] of Object.entries(min))
    if (parseQuantity(requests[name]) < parseQuantity(least))
      yield `minimum ${name} usage per Container is ${least}, but request is ${requests[name]}`;
}
