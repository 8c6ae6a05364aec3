import { parse } from 'yaml';
import { type KubernetesObject, type NewObject, sameJson } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import { notFound } from '../../store/errors.ts';
import type { WriteOptions } from '../../store/writes.ts';
import type { Store } from '../../store.ts';
import { refuseEscalation } from '../auth/escalation.ts';
import { applyConfiguration } from '../fields/ownership.ts';
import { isObject } from '../fields/walk.ts';
import { readObject } from '../http/body.ts';
import type { Answer, Call } from '../http/call.ts';
import { isTrue, type Target } from '../http/target.ts';
import { apiVersionOf } from '../kinds.ts';
import { decode, decodeConfiguration } from '../schema/decode.ts';
import { structOf } from '../schema/types.ts';
import { type Context, writeOptions } from './context.ts';
import { toStored } from './events-group.ts';
import { answerWith } from './representation.ts';
import { inNamespace, named } from './write.ts';

/** Server-side apply: creates the object, or merges the configuration into it. Source: Kubernetes "Server-Side Apply". */
export async function apply({ store }: Context, target: Target, call: Call): Promise<Answer> {
  const manager = call.query.get('fieldManager') ?? '';
  if (manager === '') throw managerRequired();
  const config = readConfiguration(call, target, (await call.body()).toString());
  const live = store.get(target.kind.kind, target.namespace, target.name ?? '');
  if (!live && target.subresource !== undefined) throw notFound(target.kind, target.name ?? '');
  const applied = applyTo(
    live,
    config,
    { manager, now: new Date(), ...subresourceOf(target) },
    isForced(call),
  );
  refuseEscalation(store, call.user, applied);
  const options: WriteOptions = { ...writeOptions(call, target), owner: 'as given' };
  const stored = live ? update(store, live, applied, options) : store.create(applied as NewObject, options);
  return answerWith(call, target.kind, stored, live ? 200 : 201);
}

function readConfiguration(call: Call, target: Target, text: string): KubernetesObject {
  const json = parseYaml(text);
  if (!isObject(json)) throw new StatusError('BadRequest', 'the applied configuration is no object');
  if (json.apiVersion !== apiVersionOf(target.kind))
    throw new StatusError(
      'BadRequest',
      `Incorrect version specified in apply patch. Specified patch version: ${json.apiVersion}, expected: ${apiVersionOf(target.kind)}`,
    );
  if (isObject(json.metadata) && json.metadata.managedFields)
    throw new StatusError('BadRequest', 'metadata.managedFields must be nil');
  // What the schema does not declare cannot be owned, so it is refused whatever fieldValidation says.
  call.query.set('fieldValidation', 'Strict');
  const { object } = readObject(call, target.kind, json, decodeConfiguration);
  return toStored(target.kind, named(inNamespace(object, target), target));
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new StatusError(
      'BadRequest',
      `error decoding YAML: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function applyTo(
  live: KubernetesObject | undefined,
  config: KubernetesObject,
  writer: Parameters<typeof applyConfiguration>[2],
  force: boolean,
): KubernetesObject {
  const { resourceVersion, uid, ...metadata } = config.metadata;
  const { apiVersion, kind } = config;
  const before = live ?? { apiVersion, kind, metadata: {} };
  const { merged, managedFields } = applyConfiguration(before, { ...config, metadata }, writer, { force });
  // Empty values and nulls were owned; they are not stored.
  const { value } = decode(merged, structOf(apiVersion, kind));
  const object = { ...value, metadata: { ...(value.metadata as object), managedFields } } as KubernetesObject;
  // The configuration's resourceVersion is a lock; without one there is none.
  Object.assign(object.metadata, { resourceVersion: resourceVersion ?? live?.metadata.resourceVersion });
  if (uid !== undefined) object.metadata.uid = uid;
  return object;
}

/** Stores what changed; when nothing but the time of the application did, the object stays as it is. */
function update(
  store: Store,
  live: KubernetesObject,
  applied: KubernetesObject,
  options: WriteOptions,
): KubernetesObject {
  const preview = store.update(applied, { ...options, dryRun: true });
  return sameJson(withoutTimes(preview), withoutTimes(live))
    ? live
    : options.dryRun
      ? preview
      : store.update(applied, options);
}

function withoutTimes(object: KubernetesObject): unknown {
  const { managedFields = [], ...metadata } = object.metadata;
  const entries = managedFields.map(({ time: _, ...entry }) => JSON.stringify(entry)).toSorted();
  return { ...object, metadata: { ...metadata, entries } };
}

function subresourceOf({ subresource }: Target): { subresource?: string } {
  return subresource === undefined ? {} : { subresource };
}

function isForced({ query }: Call): boolean {
  return isTrue(query.get('force'));
}

function managerRequired(): StatusError {
  const field = 'fieldManager';
  const message = 'Required value: is required for apply patch';
  return new StatusError('Invalid', `PatchOptions.meta.k8s.io "" is invalid: ${field}: ${message}`, {
    group: 'meta.k8s.io',
    kind: 'PatchOptions',
    causes: [{ reason: 'FieldValueRequired', message, field }],
  });
}
