import type { KubernetesObject } from '../release/types.ts';
import { fault } from './fault.ts';
import { isRecord } from './objects.ts';
import type { Located } from './types.ts';

/** What bounds an environment, by resource: whoever changes one of them is not bound by it. */
const BOUNDS = ['namespaces', 'resourcequotas', 'limitranges'];
const READING = ['get', 'list', 'watch'];
/** Whose roles are for rolling out. */
const OURS = /^fairlead-/;

/**
 * Refuses rights by which the app's pods would change what bounds them: the labels of their namespace, and its quota.
 * The roll-out function has these rights, so the cluster would let it give them away.
 * @throws FairleadError `manifests/refused-kind`
 */
export function refuseRights(located: readonly Located[]): void {
  for (const { object, place } of located) {
    const given = givenBy(object);
    if (given !== undefined)
      throw fault(
        'refused-kind',
        place,
        `${object.kind} ${object.metadata.name} gives pods ${given}`,
        'name the resources and verbs that the app needs, in a Role of its own',
      );
  }
}

function givenBy({ kind, rules, roleRef }: KubernetesObject): string | undefined {
  if (kind === 'RoleBinding' && isRecord(roleRef) && OURS.test(String(roleRef.name)))
    return `the rights of ${roleRef.name}, which are for rolling out`;
  if (kind !== 'Role' || !Array.isArray(rules)) return undefined;
  const bound = rules.filter(isRecord).flatMap(boundIn)[0];
  return bound && `the right to change ${bound}, which bounds them`;
}

function boundIn({ apiGroups, resources, verbs }: Record<string, unknown>): string[] {
  const isOfCore = namesIn(apiGroups).some((group) => group === '' || group === '*');
  if (!isOfCore || namesIn(verbs).every((verb) => READING.includes(verb))) return [];
  const named = namesIn(resources).map((resource) => resource.split('/')[0]);
  return BOUNDS.filter((bound) => named.includes(bound) || named.includes('*'));
}

function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
