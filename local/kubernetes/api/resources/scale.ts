import type { KubernetesObject } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import { mediaType, readJson } from '../http/body.ts';
import { type Answer, type Call, ok } from '../http/call.ts';
import type { Target } from '../http/target.ts';
import { decode } from '../schema/decode.ts';
import { structNamed } from '../schema/types.ts';
import type { Json } from '../strategy/json.ts';
import { selectorText } from '../table/column.ts';
import { type Context, find, writeOptions } from './context.ts';
import { patchDocument } from './patch.ts';

const scaleType = 'autoscaling.v1.Scale';

export function getScale({ store }: Context, target: Target): Answer {
  return ok(scaleOf(find(store, target)));
}

/** Replaces or patches the scale: only the number of replicas is written. */
export async function setScale({ store }: Context, target: Target, call: Call): Promise<Answer> {
  const current = find(store, target);
  const body = await readJson(call);
  const struct = structNamed(scaleType);
  const json =
    call.method === 'PATCH' ? patchDocument(scaleOf(current), body, mediaType(call), struct) : body;
  const { value } = decode(json, struct);
  const { replicas = 0 } = (value.spec ?? {}) as { replicas?: number };
  if (replicas < 0) throw negative(current.metadata.name, replicas);
  const { resourceVersion } = (value.metadata ?? {}) as { resourceVersion?: string };
  const object = {
    ...current,
    metadata: { ...current.metadata, resourceVersion: resourceVersion ?? current.metadata.resourceVersion },
    spec: { ...(current.spec as Json), replicas },
  };
  return ok(scaleOf(store.update(object, { ...writeOptions(call, target), subresource: 'scale' })));
}

/** The Scale of a workload. Source: kubernetes `autoscaling/v1.Scale`. */
function scaleOf({ metadata, spec, status }: KubernetesObject): KubernetesObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const { replicas = 0, selector } = spec as { replicas?: number; selector?: Json };
  const { replicas: current = 0 } = (status ?? {}) as { replicas?: number };
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: { replicas },
    status: { replicas: current, selector: selectorText(selector) },
  };
}

function negative(name: string, replicas: number): StatusError {
  const field = 'spec.replicas';
  const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
  return new StatusError('Invalid', `Scale.autoscaling "${name}" is invalid: ${field}: ${message}`, {
    name,
    group: 'autoscaling',
    kind: 'Scale',
    causes: [{ reason: 'FieldValueInvalid', message, field }],
  });
}
