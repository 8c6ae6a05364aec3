import type { Kind } from '../kinds.ts';
import { allocate } from './addresses.ts';
import { setObjectDefaults } from './defaults.ts';
import { type Draft, type Json, strings, struct } from './json.ts';
import { admitPod, qosClass } from './pod-defaults.ts';
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
  if (kind.subresources.includes('status')) object.status = initialStatus(kind, object);
  if (kind.kind === 'Namespace') object.spec = { finalizers: ['kubernetes'] };
  if (kind.kind === 'Pod') admitPod(object);
  if (kind.kind === 'Job') selectByUid(object);
  validate(kind, object);
  if (kind.kind === 'Service') allocate(object, services());
}

/** A Job's pods are told from others by its uid. Source: kubernetes `pkg/registry/batch/job/strategy.go`. */
function selectByUid({ metadata, spec }: Draft): void {
  if (spec === undefined || spec.manualSelector === true) return;
  const { uid = '', name } = metadata;
  const selector = { 'batch.kubernetes.io/controller-uid': uid };
  spec.selector = { matchLabels: selector };
  const template = struct(spec, 'template');
  const own = { ...selector, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'job-name': name };
  const given = struct(template, 'metadata');
  given.labels = { ...strings(given, 'labels'), ...own };
}

/** The status before any controller has seen the object. */
function initialStatus(kind: Kind, object: Draft): Json {
  switch (kind.kind) {
    case 'Pod':
      return { phase: 'Pending', qosClass: qosClass(object.spec ?? {}) };
    case 'Namespace':
      return { phase: 'Active' };
    case 'PersistentVolumeClaim':
      return { phase: 'Pending' };
    case 'ReplicaSet':
    case 'StatefulSet':
      return { replicas: 0 };
    case 'Service':
    case 'Ingress':
      return { loadBalancer: {} };
    default:
      return {};
  }
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
