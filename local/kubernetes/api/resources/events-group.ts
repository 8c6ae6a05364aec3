import type { KubernetesObject } from '../../object.ts';
import type { Kind } from '../kinds.ts';

/** Names that `events.k8s.io/v1` gives to the fields of a core event. Source: kubernetes `pkg/apis/events/v1/conversion.go`. */
const names: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];

/** The object as the kind's API version shows it; only events are stored under another one. */
export function toVersion(kind: Kind, object: KubernetesObject): KubernetesObject {
  if (kind.group !== 'events.k8s.io') return object;
  return rename(object, 'events.k8s.io/v1', new Map(names));
}

/** The object as it is stored. */
export function toStored(kind: Kind, object: KubernetesObject): KubernetesObject {
  if (kind.group !== 'events.k8s.io') return object;
  return rename(object, 'v1', new Map(names.map(([core, events]) => [events, core])));
}

function rename(
  object: KubernetesObject,
  apiVersion: string,
  to: ReadonlyMap<string, string>,
): KubernetesObject {
  const entries = Object.entries(object).map(([name, value]) => [to.get(name) ?? name, value]);
  return { ...(Object.fromEntries(entries) as KubernetesObject), apiVersion };
}
