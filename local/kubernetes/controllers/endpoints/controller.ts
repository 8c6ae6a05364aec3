import type { NewObject } from '../../object.ts';
import type { Store } from '../../store.ts';
import type { Pod, Service } from '../types.ts';
import { endpointSliceObject, endpointsObject } from './objects.ts';
import { planEndpoints } from './plan.ts';

/** Writes where a Service's traffic may go. One without a selector is its author's. */
export function reconcileEndpoints(store: Store, namespace: string, name: string): undefined {
  const service = store.get<Service>('Service', namespace, name);
  if (!service) {
    // A slice has its Service as owner; Endpoints only have its name.
    if (store.get('Endpoints', namespace, name)) store.delete('Endpoints', namespace, name);
    return;
  }
  if (Object.keys(service.spec.selector ?? {}).length === 0 || service.metadata.deletionTimestamp) return;
  const ports = planEndpoints(service, store.list<Pod>('Pod', { namespace }).items);
  put(store, endpointsObject(service, ports));
  put(store, endpointSliceObject(service, ports));
}

function put(store: Store, object: NewObject): void {
  const { namespace, name = '' } = object.metadata;
  const current = store.get(object.kind, namespace, name);
  if (!current) store.create(object);
  else store.update({ ...object, metadata: { ...current.metadata, ...object.metadata } });
}
