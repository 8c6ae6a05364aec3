import { StatusError } from '../status-error.ts';
import type { Store } from '../store.ts';
import { createDefaultRoles } from './auth/roles.ts';

/**
 * Creates what every cluster starts with, its namespaces and roles, and gives each new namespace its `default`
 * ServiceAccount.
 * @returns how to stop that
 */
export function bootstrap(store: Store): () => void {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
    store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  createDefaultRoles(store);
  return store.watch('Namespace', '0', ({ type, object }) => {
    if (type === 'ADDED') createServiceAccount(store, object.metadata.name);
  });
}

function createServiceAccount(store: Store, namespace: string): void {
  try {
    store.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } });
  } catch (error) {
    // The namespace may be gone again, and the account may be there.
    if (!(error instanceof StatusError)) throw error;
  }
}
