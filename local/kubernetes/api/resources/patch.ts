import type { KubernetesObject } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import { refuseEscalation } from '../auth/escalation.ts';
import { isObject, type JsonObject } from '../fields/walk.ts';
import { mediaType, readJson, readObject, warningHeaders } from '../http/body.ts';
import type { Answer, Call } from '../http/call.ts';
import type { Target } from '../http/target.ts';
import { apiVersionOf } from '../kinds.ts';
import { jsonPatch, type Operation } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMerge } from '../patch/strategic-merge.ts';
import { type Struct, structOf } from '../schema/types.ts';
import { apply } from './apply.ts';
import { type Context, find, writeOptions } from './context.ts';
import { toStored, toVersion } from './events-group.ts';
import { answerWith } from './representation.ts';
import { inNamespace, named } from './write.ts';

export async function patch(context: Context, target: Target, call: Call): Promise<Answer> {
  if (mediaType(call) === 'application/apply-patch+yaml') return apply(context, target, call);
  refuseForce(call);
  const { store } = context;
  const { kind } = target;
  const current = toVersion(kind, find(store, target));
  const patched = patchDocument(
    current,
    await readJson(call),
    mediaType(call),
    structOf(apiVersionOf(kind), kind.kind),
  );
  const { object, warnings } = readObject(call, kind, patched);
  const stored = toStored(kind, named(inNamespace(object, target), target));
  refuseEscalation(store, call.user, stored);
  const updated = store.update(stored, writeOptions(call, target));
  return answerWith(call, kind, updated, 200, warningHeaders(warnings));
}

/**
 * Applies a patch of any of the three media types.
 * @throws StatusError 415 UnsupportedMediaType, 400 BadRequest, 422 Invalid
 */
export function patchDocument(
  document: KubernetesObject,
  body: unknown,
  type: string,
  struct: Struct,
): JsonObject {
  const result = patched(document, body, type, struct);
  if (!isObject(result)) throw new StatusError('BadRequest', 'the patched object is no object');
  return result;
}

function patched(document: KubernetesObject, body: unknown, type: string, struct: Struct): unknown {
  switch (type) {
    case 'application/json-patch+json':
      if (!Array.isArray(body))
        throw new StatusError('BadRequest', 'a JSON patch must be a list of operations');
      return jsonPatch(document, body as Operation[]);
    case 'application/merge-patch+json':
      return mergePatch(document, requireObject(body));
    case 'application/strategic-merge-patch+json':
      return strategicMerge(document, requireObject(body), struct);
    default:
      throw new StatusError(
        'UnsupportedMediaType',
        'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml',
      );
  }
}

function requireObject(body: unknown): JsonObject {
  if (!isObject(body)) throw new StatusError('BadRequest', 'the patch must be an object');
  return body;
}

function refuseForce({ query }: Call): void {
  if (query.get('force') === null) return;
  const field = 'force';
  const message = 'Forbidden: may not be specified for non-apply patch';
  throw new StatusError('Invalid', `PatchOptions.meta.k8s.io "" is invalid: ${field}: ${message}`, {
    group: 'meta.k8s.io',
    kind: 'PatchOptions',
    causes: [{ reason: 'FieldValueForbidden', message, field }],
  });
}
