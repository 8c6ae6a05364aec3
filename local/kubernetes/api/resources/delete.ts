import type { KubernetesObject } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import type { DeleteOptions, PropagationPolicy } from '../../store/deletion.ts';
import { isObject } from '../fields/walk.ts';
import { readJson } from '../http/body.ts';
import { type Answer, type Call, ok } from '../http/call.ts';
import { isTrue, type Target } from '../http/target.ts';
import { type Context, find, isDryRun } from './context.ts';
import { toVersion } from './events-group.ts';
import { Representation } from './representation.ts';

/** Deletes one object; the answer is a Status when it is gone, and the object while it terminates. */
export async function remove({ store }: Context, target: Target, call: Call): Promise<Answer> {
  const { kind, namespace, name = '' } = target;
  const options = await readOptions(call);
  find(store, target);
  const { object, removed } = store.delete(kind.kind, namespace, name, options);
  if (!removed) return ok(toVersion(kind, object));
  const details = {
    name,
    ...(kind.group !== '' && { group: kind.group }),
    kind: kind.plural,
    uid: object.metadata.uid,
  };
  return ok({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

export async function removeAll(
  { store }: Context,
  { kind, namespace }: Target,
  call: Call,
): Promise<Answer> {
  const options = await readOptions(call);
  const { items, resourceVersion } = store.list(kind.kind, {
    ...(namespace !== undefined && { namespace }),
    labelSelector: call.query.get('labelSelector') ?? '',
    fieldSelector: call.query.get('fieldSelector') ?? '',
  });
  const deleted: KubernetesObject[] = items.map(
    ({ metadata }) => store.delete(kind.kind, metadata.namespace, metadata.name, options).object,
  );
  return ok(new Representation(call, kind).list(deleted, { resourceVersion }));
}

type Options = DeleteOptions & { dryRun: boolean };

/** Options come in the body, or as query parameters. */
async function readOptions(call: Call): Promise<Options> {
  const body = await readJson(call);
  const given = isObject(body) ? body : {};
  const grace = given.gracePeriodSeconds ?? call.query.get('gracePeriodSeconds') ?? undefined;
  const propagationPolicy = policyOf(given, call.query);
  const dryRun = isDryRun(call) || (Array.isArray(given.dryRun) && given.dryRun.includes('All'));
  return {
    dryRun,
    ...(grace !== undefined && { gracePeriodSeconds: Number(grace) }),
    ...(propagationPolicy !== undefined && { propagationPolicy }),
    ...(isObject(given.preconditions) && { preconditions: given.preconditions }),
  };
}

function policyOf(given: Record<string, unknown>, query: URLSearchParams): PropagationPolicy | undefined {
  const policy = given.propagationPolicy ?? query.get('propagationPolicy') ?? undefined;
  if (policy === 'Background' || policy === 'Foreground' || policy === 'Orphan') return policy;
  if (policy !== undefined)
    throw new StatusError(
      'Invalid',
      `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "${policy}": supported values: "Foreground", "Background", "Orphan", "nil"`,
    );
  // What clients said before there were policies.
  const orphan = given.orphanDependents ?? query.get('orphanDependents') ?? undefined;
  if (orphan === undefined) return undefined;
  return orphan === true || (typeof orphan === 'string' && isTrue(orphan)) ? 'Orphan' : 'Background';
}
