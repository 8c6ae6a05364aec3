import type { KubernetesObject } from '../../object.ts';
import type { Json } from '../strategy/json.ts';

/** One column of `kubectl get`. */
export interface Column {
  name: string;
  type?: 'string' | 'integer';
  format?: string;
  /** Only shown by `-o wide`. */
  wide?: boolean;
  value: (object: KubernetesObject) => unknown;
}

/** The parts of an object that cells are made of; what is missing is empty. */
export function parts(object: KubernetesObject): { spec: Json; status: Json } {
  return { spec: (object.spec ?? {}) as Json, status: (object.status ?? {}) as Json };
}

/** A number that the object may not have yet. */
export function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

export function orNone(texts: readonly string[]): string {
  return texts.length === 0 ? '<none>' : texts.join(',');
}

/** A label selector object as text: `app=web,tier in (a,b)`. */
export function selectorText(selector: Json | undefined): string {
  const { matchLabels = {}, matchExpressions = [] } = (selector ?? {}) as {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
  const equalities = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const others = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    return operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator.toLowerCase()} (${values.join(',')})`;
  });
  return orNone([...equalities, ...others]);
}

/** The containers of a pod or of a template. */
export function containersOf(spec: Json): { name: string; image: string }[] {
  return (spec.containers ?? []) as { name: string; image: string }[];
}

/** The containers' names and their images, as the wide columns of workloads show them. */
export function containerColumns(
  containers: (object: KubernetesObject) => { name: string; image: string }[],
): Column[] {
  return [
    {
      name: 'Containers',
      wide: true,
      value: (object) =>
        containers(object)
          .map(({ name }) => name)
          .join(','),
    },
    {
      name: 'Images',
      wide: true,
      value: (object) =>
        containers(object)
          .map(({ image }) => image)
          .join(','),
    },
  ];
}
