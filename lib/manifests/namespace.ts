import type { KubernetesObject } from '../release/types.ts';
import { fault } from './fault.ts';
import { isRecord } from './objects.ts';
import type { Located } from './types.ts';

/**
 * Sees to it that everything goes into one namespace, and leaves out the Namespace object: the environment's is made
 * with its first release. Where the manifests name one, it stands for that.
 * @throws FairleadError `manifests/namespaces`, `manifests/refused-kind`
 */
export function inOneNamespace(
  located: readonly Located[],
  namespace: string,
): { kept: Located[]; notices: string[] } {
  const named = new Map<string, string>();
  for (const { object, place } of located) {
    const own = object.metadata.namespace;
    if (own !== undefined && !named.has(own))
      named.set(own, `${object.kind} ${object.metadata.name} at ${place}`);
  }
  const [first, second] = [...named];
  if (first !== undefined && second !== undefined)
    throw fault(
      'namespaces',
      'manifests',
      `they name two namespaces, ${first[0]} (${first[1]}) and ${second[0]} (${second[1]})`,
      'an environment has one: leave metadata.namespace out',
    );
  const theirs = first?.[0];
  const spaces = located.filter(isNamespace);
  for (const { object, place } of spaces)
    refuseOthers(object, place, theirs ?? spaces[0]?.object.metadata.name);
  const said = theirs ?? spaces[0]?.object.metadata.name;
  return {
    kept: located
      .filter((one) => !isNamespace(one))
      .map(({ object, place }) => ({ object: moved(object, said, namespace), place })),
    notices: [
      ...spaces.map(
        ({ object }) =>
          `Namespace ${object.metadata.name} is left out: everything goes into ${namespace}, which is made where it is missing`,
      ),
      ...(theirs === undefined || theirs === namespace || spaces.length > 0
        ? []
        : [`namespace ${theirs} is replaced: everything goes into ${namespace}`]),
    ],
  };
}

function isNamespace({ object }: Located): boolean {
  return object.kind === 'Namespace' && object.apiVersion === 'v1';
}

function refuseOthers({ metadata }: KubernetesObject, place: string, own: string | undefined): void {
  if (metadata.name === own) return;
  throw fault(
    'refused-kind',
    place,
    `Namespace ${metadata.name} is not the one that the app is in`,
    'take it out: an app has one namespace, which Fairlead makes',
  );
}

/** The object in `namespace`; subjects of a RoleBinding that were in `theirs` go with it. */
function moved(object: KubernetesObject, theirs: string | undefined, namespace: string): KubernetesObject {
  const inside = { ...object, metadata: { ...object.metadata, namespace } };
  if (object.kind !== 'RoleBinding' || !Array.isArray(object.subjects)) return inside;
  const subjects = object.subjects.map((subject: unknown) =>
    isRecord(subject) && subject.kind === 'ServiceAccount' && (subject.namespace ?? theirs) === theirs
      ? { ...subject, namespace }
      : subject,
  );
  return { ...inside, subjects };
}
