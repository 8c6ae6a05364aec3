import type { KubernetesObject } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import { refuseEscalation } from '../auth/escalation.ts';
import { readJson, readObject, warningHeaders } from '../http/body.ts';
import type { Answer, Call } from '../http/call.ts';
import type { Target } from '../http/target.ts';
import { type Context, find, writeOptions } from './context.ts';
import { toStored } from './events-group.ts';
import { answerWith } from './representation.ts';

export async function create({ store }: Context, target: Target, call: Call): Promise<Answer> {
  const { kind } = target;
  const { object, warnings } = readObject(call, kind, await readJson(call));
  const placed = inNamespace(object, target);
  const stored = toStored(kind, placed);
  refuseEscalation(store, call.user, stored as KubernetesObject);
  const created = store.create(stored, writeOptions(call, target));
  return answerWith(call, kind, created, 201, warningHeaders(warnings));
}

export async function replace({ store }: Context, target: Target, call: Call): Promise<Answer> {
  const { kind } = target;
  const { object, warnings } = readObject(call, kind, await readJson(call));
  find(store, target);
  const stored = toStored(kind, named(inNamespace(object, target), target));
  refuseEscalation(store, call.user, stored);
  const updated = store.update(stored, writeOptions(call, target));
  return answerWith(call, kind, updated, 200, warningHeaders(warnings));
}

/** The object in the namespace of the URL. @throws StatusError 400 BadRequest when it names another one */
export function inNamespace(object: KubernetesObject, { kind, namespace }: Target): KubernetesObject {
  const own = object.metadata.namespace;
  if (!kind.namespaced) return object;
  if (own !== undefined && own !== '' && own !== namespace)
    throw new StatusError(
      'BadRequest',
      `the namespace of the provided object does not match the namespace sent on the request`,
    );
  return { ...object, metadata: { ...object.metadata, ...(namespace !== undefined && { namespace }) } };
}

/** The object with the name of the URL. @throws StatusError 400 BadRequest when it has another one */
export function named(object: KubernetesObject, { name = '' }: Target): KubernetesObject {
  const own = object.metadata.name;
  if (own !== undefined && own !== '' && own !== name)
    throw new StatusError(
      'BadRequest',
      `the name of the object (${own}) does not match the name on the URL (${name})`,
    );
  return { ...object, metadata: { ...object.metadata, name } };
}
