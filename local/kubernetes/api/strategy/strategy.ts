import type { Kind } from '../kinds.ts';
import { allocate } from './addresses.ts';
import { setObjectDefaults } from './defaults.ts';
import type { Draft } from './json.ts';
import { qosClass } from './pod-defaults.ts';
import { validate } from './validation.ts';

/** What a strategy needs to see of the objects that are there. */
type Services = Parameters<typeof allocate>[1];

/** Fills in defaults, in place, before a write is compared with what was. */
export function complete(object: Draft): void {
  setObjectDefaults(object);
}

/**
 * Gives a new object what only the server gives, and refuses it when it is not valid.
 * @throws StatusError 422 Invalid
 */
export function prepareForCreate(kind: Kind, object: Draft, services: () => Services): void {
  if (kind.subresources.includes('status')) delete object.status;
  if (kind.kind === 'Pod') object.status = { phase: 'Pending', qosClass: qosClass(object.spec ?? {}) };
  if (kind.kind === 'PersistentVolumeClaim') object.status = { phase: 'Pending' };
  if (kind.kind === 'Namespace') {
    object.spec = { finalizers: ['kubernetes'] };
    object.status = { phase: 'Active' };
  }
  validate(kind, object);
  if (kind.kind !== 'Service') return;
  allocate(object, services());
  object.status = { loadBalancer: {} };
}

/**
 * Keeps what an update may not take away, and refuses what it may not change.
 * @throws StatusError 422 Invalid
 */
export function prepareForUpdate(kind: Kind, object: Draft, previous: Draft, services: () => Services): void {
  if (kind.kind === 'Service') {
    keepAddresses(object, previous);
    allocate(object, services());
  }
  if (kind.kind === 'Pod' && object.spec && previous.spec?.nodeName !== undefined)
    object.spec.nodeName ??= previous.spec.nodeName;
  validate(kind, object, previous);
}

/** A client that leaves out the addresses means those that the Service has. */
function keepAddresses({ spec }: Draft, { spec: before }: Draft): void {
  if (!spec || !before || spec.type === 'ExternalName') return;
  spec.clusterIP ??= before.clusterIP;
  const known = (before.ports ?? []) as { port: number; protocol: string; nodePort?: number }[];
  for (const port of (spec.ports ?? []) as typeof known) {
    const same = known.find((each) => each.port === port.port && each.protocol === port.protocol);
    if (same?.nodePort !== undefined) port.nodePort ??= same.nodePort;
  }
}
