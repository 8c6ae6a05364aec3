import type { KubernetesObject } from '../release/types.ts';
import { fault } from './fault.ts';
import type { Located } from './types.ts';
import type { YamlDocument } from './yaml.ts';

/** Objects that one app may have: each is one request to the cluster, and one more for its dry run. */
const MOST_OBJECTS = 200;

/**
 * The objects of documents; those of a List stand for themselves.
 * @throws FairleadError `manifests/bad-object`, `manifests/duplicate`, `manifests/too-large`
 */
export function objectsOf(documents: readonly YamlDocument[]): Located[] {
  const located = documents.flatMap(flattened);
  const first = located[MOST_OBJECTS];
  if (first !== undefined)
    throw fault('too-large', first.place, `${located.length} objects, ${MOST_OBJECTS} are possible`);
  refuseDuplicates(located);
  return located;
}

/** `v1`, `apps/v1` */
const API_VERSION = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?v[a-z0-9]+$/;

/** Names stand in the path of a request (Kubernetes, "Object Names and IDs", path segment names): one must not lead elsewhere. */
function isPathSegment(name: string): boolean {
  return /^[\w.:-]{1,253}$/.test(name) && name !== '.' && name !== '..';
}

function flattened({ value, place }: YamlDocument): Located[] {
  if (!isRecord(value)) throw bad(place, 'a document has to be a Kubernetes object, with keys and values');
  const { apiVersion, kind, items } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '') throw bad(place, 'the object has no apiVersion');
  if (typeof kind !== 'string' || kind === '') throw bad(place, 'the object has no kind');
  if (!API_VERSION.test(apiVersion))
    throw bad(place, `${JSON.stringify(apiVersion)} is no apiVersion`, 'write it like v1 or apps/v1');
  if (kind.endsWith('List') && Array.isArray(items))
    return items.flatMap((item) => flattened({ value: item, place }));
  return [{ object: checked(value, kind, place), place }];
}

function checked(value: Record<string, unknown>, kind: string, place: string): KubernetesObject {
  const { metadata } = value;
  if (!isRecord(metadata)) throw bad(place, `the ${kind} has no metadata`);
  if ('generateName' in metadata)
    throw bad(place, `the ${kind} has generateName`, 'give it a name: releases change it, or take it away');
  if (typeof metadata.name !== 'string' || metadata.name === '')
    throw bad(place, `the ${kind} has no metadata.name`);
  if (!isPathSegment(metadata.name))
    throw bad(place, `${JSON.stringify(metadata.name)} is no name that a ${kind} can have`);
  if (metadata.namespace !== undefined && typeof metadata.namespace !== 'string')
    throw bad(place, `metadata.namespace of ${kind} ${metadata.name} is no text`);
  for (const field of ['labels', 'annotations'])
    if (!isTextMap(metadata[field] ?? {}))
      throw bad(
        place,
        `metadata.${field} of ${kind} ${metadata.name} holds something that is no text`,
        'put quotes around it',
      );
  return { ...withoutServerFields(value), metadata: tidy(metadata) } as KubernetesObject;
}

/** What a server writes: files that were got from a cluster have it, and no apply takes it back. */
function withoutServerFields({ status: _, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return rest;
}

const SERVER_METADATA = [
  'creationTimestamp',
  'resourceVersion',
  'uid',
  'generation',
  'managedFields',
  'selfLink',
];

/** Annotations that Fairlead reads are its own; one of them is for manifests to say. */
const OURS = 'fairlead.dev/';
const THEIRS = 'fairlead.dev/exposed';

function tidy(metadata: Record<string, unknown>): Record<string, unknown> {
  const { labels, annotations, ...rest } = clean(metadata);
  return {
    ...rest,
    ...(isRecord(labels) && { labels: withoutOurs(labels) }),
    ...(isRecord(annotations) && { annotations: withoutOurs(annotations) }),
  };
}

function withoutOurs(said: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(said).filter(([key]) => key === THEIRS || !key.startsWith(OURS)));
}

function clean(metadata: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(metadata).filter(
      ([key, value]) => !SERVER_METADATA.includes(key) && value !== null && value !== undefined,
    ),
  );
}

function refuseDuplicates(located: readonly Located[]): void {
  const places = new Map<string, string>();
  for (const { object, place } of located) {
    const { namespace = '', name } = object.metadata;
    const key = [groupOf(object), object.kind, namespace, name].join(' ');
    const before = places.get(key);
    if (before !== undefined)
      throw fault('duplicate', place, `${object.kind} ${name} is there twice, first at ${before}`);
    places.set(key, place);
  }
}

/** `apps` of `apps/v1`, nothing of `v1`. */
export function groupOf({ apiVersion }: KubernetesObject): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextMap(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((each) => typeof each === 'string');
}

function bad(place: string, cause: string, remedy?: string) {
  return fault('bad-object', place, cause, remedy);
}
