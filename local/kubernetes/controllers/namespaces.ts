import { kinds } from '../api/kinds.ts';
import type { KubernetesObject } from '../object.ts';
import type { Store } from '../store.ts';

interface Namespace extends KubernetesObject {
  spec?: { finalizers?: string[] };
}

/** The kinds whose objects live in namespaces, each once: both groups' events are the same objects. */
const contents = [
  ...new Set(kinds.filter(({ stored, namespaced }) => stored && namespaced).map(({ kind }) => kind)),
];

/** Empties a terminating namespace, and lets it go once it is empty. Asked again whenever something in it went. */
export function reconcileNamespace(store: Store, name: string): void {
  const namespace = store.get<Namespace>('Namespace', undefined, name);
  if (!namespace?.metadata.deletionTimestamp) return;
  for (const kind of contents)
    for (const { metadata } of store.list(kind, { namespace: name }).items)
      if (!metadata.deletionTimestamp && store.get(kind, name, metadata.name))
        store.delete(kind, name, metadata.name);
  if (contents.some((kind) => store.list(kind, { namespace: name }).items.length > 0)) return;
  const finalizers = namespace.spec?.finalizers?.filter((each) => each !== 'kubernetes') ?? [];
  store.update<Namespace>(
    { ...namespace, spec: { ...namespace.spec, finalizers } },
    { subresource: 'finalize' },
  );
}
