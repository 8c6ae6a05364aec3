import { type KubernetesObject, sameJson, timestamp } from '../object.ts';

/** A core/v1 Event. Source: kubernetes `api/core/v1/types.go`. */
export interface EventObject extends KubernetesObject {
  involvedObject: ObjectReference;
  reason: string;
  message: string;
  type: EventType;
  source: { component: string; host?: string };
  firstTimestamp: string;
  lastTimestamp: string;
  count: number;
  reportingComponent: string;
  reportingInstance: string;
}

export type EventType = 'Normal' | 'Warning';

export interface ObjectReference {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion?: string;
  /** `spec.containers{web}` when the event is about one container. */
  fieldPath?: string;
}

/** Points to an object, as `involvedObject` of its events does. */
export function referenceTo(object: KubernetesObject, fieldPath?: string): ObjectReference {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  const { apiVersion, kind } = object;
  return {
    apiVersion,
    kind,
    name,
    ...(namespace !== undefined && { namespace }),
    uid,
    resourceVersion,
    ...(fieldPath !== undefined && { fieldPath }),
  };
}

/** What a component tells of an object. */
export interface Occurrence {
  involvedObject: ObjectReference;
  type: EventType;
  reason: string;
  message: string;
  component: string;
}

/** Whether the event already tells this, so that it only has to be counted. */
export function tells(event: EventObject, occurrence: Occurrence): boolean {
  const { resourceVersion: _, ...about } = occurrence.involvedObject;
  const { resourceVersion: __, ...known } = event.involvedObject;
  return (
    event.reason === occurrence.reason &&
    event.message === occurrence.message &&
    event.type === occurrence.type &&
    event.source.component === occurrence.component &&
    sameJson(about, known)
  );
}

/** The first telling of an occurrence, ready to be created. `suffix` makes the name unique. */
export function newEvent(
  { involvedObject, type, reason, message, component }: Occurrence,
  suffix: string,
  now: Date,
) {
  const time = timestamp(now);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${involvedObject.name}.${suffix}`, namespace: involvedObject.namespace ?? 'default' },
    involvedObject,
    reason,
    message,
    source: { component },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    type,
    eventTime: null,
    reportingComponent: component,
    reportingInstance: '',
  };
}
