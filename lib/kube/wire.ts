import type {
  CoreV1Event,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1ManagedFieldsEntry,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1ReplicaSet,
  V1Service,
  V1StatefulSet,
} from '@kubernetes/client-node';

/**
 * The types of `@kubernetes/client-node` as they are on the wire: a time is RFC 3339 text there. Only its types are
 * used: its transport opens a TLS connection for every request, its serializer drops fields it does not know, and
 * loading it takes ten times as long as `node:https`.
 */
type Wire<T> = T extends Date
  ? string
  : T extends (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T;

export type Metadata = Wire<V1ObjectMeta>;
export type ManagedFieldsEntry = Wire<V1ManagedFieldsEntry>;
export type Deployment = Wire<V1Deployment>;
export type StatefulSet = Wire<V1StatefulSet>;
export type DaemonSet = Wire<V1DaemonSet>;
export type Job = Wire<V1Job>;
export type ReplicaSet = Wire<V1ReplicaSet>;
export type Pod = Wire<V1Pod>;
export type Event = Wire<CoreV1Event>;
export type Service = Wire<V1Service>;
export type Node = Wire<V1Node>;
export type Namespace = Wire<V1Namespace>;

/** What every object that comes from the API has. */
export interface LiveObject {
  apiVersion?: string;
  kind?: string;
  metadata?: Metadata;
}

/** What is written: an object with its identity; the API decides about the rest. */
export interface WrittenObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
}
